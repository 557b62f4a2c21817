{{/* The Deployment's name, by which its pods are selected; the value of the label `app` */}}
{{- define "shipper-operator.name" -}}
shipper-operator
{{- end }}

{{/* Labels of every object; the user's win, but for `app` */}}
{{- define "shipper-operator.labels" -}}
{{- $labels := dict
      "app.kubernetes.io/name" "shipper-operator"
      "app.kubernetes.io/component" "operator"
      "app.kubernetes.io/part-of" "shipper"
      "app.kubernetes.io/version" .root.Chart.AppVersion }}
{{- $labels = mergeOverwrite $labels (.root.Values.operator.labels | default dict) (.labels | default dict) }}
{{- $labels = mergeOverwrite $labels (dict "app" (include "shipper-operator.name" .root)) }}
{{- toYaml $labels }}
{{- end }}

{{/*
The metadata of an object: `root`, `name`; `namespace` (none: that of the chart; "": none), `labels` and `annotations`
besides those of every object
*/}}
{{- define "shipper-operator.metadata" -}}
name: {{ .name | quote }}
{{- with hasKey . "namespace" | ternary .namespace .root.Values.namespace }}
namespace: {{ . | quote }}
{{- end }}
labels:
  {{- include "shipper-operator.labels" . | nindent 2 }}
{{- with mergeOverwrite dict (.root.Values.operator.annotations | default dict) (.annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What it is called where others have names, too: in the whole cluster, and in the namespaces of apps */}}
{{- define "shipper-operator.outsideName" -}}
shipper-operator-{{ .Values.namespace }}
{{- end }}

{{- define "shipper-operator.image" -}}
{{- $tag := coalesce .Values.operator.tag .Values.operator.imageTag .Chart.AppVersion -}}
{{- contains "@" .Values.operator.image | ternary .Values.operator.image (printf "%s:%s" .Values.operator.image $tag) -}}
{{- end }}

{{/* The most talkative level of a filter in mirrord's form, in the words of LOG_LEVEL */}}
{{- define "shipper-operator.logLevel" -}}
{{- $level := .Values.operator.logLevel | default "info" | lower | nospace }}
{{- if regexMatch "(^|[=,])(trace|debug)(,|$)" $level }}debug
{{- else if regexMatch "(^|[=,])info(,|$)" $level }}info
{{- else if regexMatch "(^|[=,])warn(ing)?(,|$)" $level }}warning
{{- else if regexMatch "(^|[=,])(error|off)(,|$)" $level }}error
{{- else }}{{ fail "operator.logLevel: write debug, info, warning or error, or filters such as mirrord=debug,operator=info" }}
{{- end }}
{{- end }}

{{/* The license key, without blanks and the end of the line around it */}}
{{- define "shipper-operator.licenseKey" -}}
{{- .Values.license.key | default "" | trim }}
{{- end }}

{{/* The license file as it came, with whatever blanks around it and ends of lines: empty if there is none */}}
{{- define "shipper-operator.licenseText" -}}
{{- $data := .Values.license.file.data | default dict }}
{{- get $data "license.pem" | default "" | replace "\r\n" "\n" | trim }}
{{- end }}

{{/* The Secret of the license file; empty without one */}}
{{- define "shipper-operator.licenseSecret" -}}
{{- if include "shipper-operator.licenseText" . }}
{{- .Values.license.file.secret }}
{{- else }}
{{- coalesce .Values.license.file.existingSecret .Values.license.pemRef | default "" }}
{{- end }}
{{- end }}

{{/* The Secret of the license key; empty without one */}}
{{- define "shipper-operator.keySecret" -}}
{{- if include "shipper-operator.licenseKey" . }}
{{- .Values.license.file.secret }}
{{- else }}
{{- coalesce .Values.license.keyRef .Values.license.existingSecret | default "" }}
{{- end }}
{{- end }}

{{/* The ConfigMap of the vendor's public key; empty without one */}}
{{- define "shipper-operator.trust" -}}
{{- .Values.license.trustKeyRef | default (empty .Values.license.trustKey | ternary "" "shipper-operator-trust") }}
{{- end }}

{{/* The port in the URL of the license server */}}
{{- define "shipper-operator.serverPort" -}}
{{- $url := .Values.license.licenseServer }}
{{- $host := regexReplaceAll "^https?://([^/]*).*$" $url "${1}" }}
{{- regexFind ":[0-9]+$" $host | trimPrefix ":" | default (hasPrefix "https://" $url | ternary "443" "80") }}
{{- end }}

{{/* The names by which apps call it */}}
{{- define "shipper-operator.hosts" -}}
{{- $service := .Values.service.name }}
{{- $inside := printf "%s.%s" $service .Values.namespace }}
{{- concat (list $service $inside (print $inside ".svc") (print $inside ".svc.cluster.local")) (.Values.operator.allowedHosts | default list) | join "," }}
{{- end }}

{{/* The license's account for a registry as a config of Docker, in base64; empty if it has none. Helm can't verify it */}}
{{- define "shipper-operator.dockerConfig" -}}
{{- $lines := without (splitList "\n" (include "shipper-operator.licenseText" .)) "-----BEGIN SHIPPER LICENSE-----" "-----END SHIPPER LICENSE-----" }}
{{- $envelope := join "" $lines | b64dec | fromJson }}
{{- $payload := get $envelope "payload" | default "" | toString | b64dec | fromJson }}
{{- $registry := get $payload "registry" | default dict }}
{{- if and (kindIs "map" $registry) $registry.server $registry.username $registry.password }}
{{- $auth := printf "%s:%s" $registry.username $registry.password | b64enc }}
{{- $entry := printf `{"username":%s,"password":%s,"auth":%s}` (toRawJson $registry.username) (toRawJson $registry.password) (toRawJson $auth) }}
{{- printf `{"auths":{%s:%s}}` (toRawJson $registry.server) $entry | b64enc }}
{{- end }}
{{- end }}

{{/* What the chart itself sets; `extraEnv` comes on top */}}
{{- define "shipper-operator.env" -}}
- {name: OPERATOR_LISTEN, value: {{ printf "0.0.0.0:%d" (int .Values.operator.port) | quote }}}
- {name: OPERATOR_STATE_DIR, value: /data}
- {name: OPERATOR_ALLOWED_HOSTS, value: {{ include "shipper-operator.hosts" . | quote }}}
{{- with .Values.license.licenseServer }}
- {name: OPERATOR_LICENSE_SERVER, value: {{ . | quote }}}
{{- end }}
{{- if include "shipper-operator.licenseSecret" . }}
- {name: OPERATOR_LICENSE_PATH, value: /license/license.pem}
{{- end }}
{{- if include "shipper-operator.trust" . }}
- {name: OPERATOR_TRUST_KEY, value: /trust/vendor.pub}
{{- end }}
{{- if or .Values.license.caSecret .Values.license.caConfigMap }}
- {name: OPERATOR_CA_FILE, value: /ca/ca.crt}
{{- end }}
{{- with .Values.operator.clusterName }}
- {name: OPERATOR_CLUSTER_NAME, value: {{ . | quote }}}
{{- end }}
{{- with .Values.operator.product }}
- {name: OPERATOR_PRODUCT, value: {{ . | quote }}}
{{- end }}
- {name: OPERATOR_REFRESH_SECONDS, value: {{ .Values.operator.refreshSeconds | default 300 | toString | quote }}}
{{- with .Values.operator.allowedCallers }}
- {name: OPERATOR_ALLOWED_CALLERS, value: {{ join "," . | quote }}}
{{- end }}
{{- with .Values.operator.tokenAudience }}
- {name: OPERATOR_TOKEN_AUDIENCE, value: {{ . | quote }}}
{{- end }}
{{- with .Values.sync.secret }}
- {name: OPERATOR_SYNC_SECRET, value: {{ . | quote }}}
{{- end }}
{{- with .Values.sync.pullSecret }}
- {name: OPERATOR_SYNC_PULL_SECRET, value: {{ . | quote }}}
{{- end }}
{{- with .Values.sync.namespaces }}
- {name: OPERATOR_SYNC_NAMESPACES, value: {{ join "," . | quote }}}
{{- end }}
- {name: LOG_LEVEL, value: {{ include "shipper-operator.logLevel" . }}}
- {name: LOG_FORMAT, value: {{ ternary "json" "text" (.Values.operator.jsonLog | default false) }}}
{{- with include "shipper-operator.keySecret" . }}
- name: OPERATOR_LICENSE_KEY
  valueFrom:
    secretKeyRef:
      name: {{ . | quote }}
      key: {{ $.Values.license.existingSecret | empty | ternary "OPERATOR_LICENSE_KEY" $.Values.license.existingSecretKey | quote }}
{{- end }}
{{- end }}
