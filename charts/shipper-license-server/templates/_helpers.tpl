{{/* The Deployment's name, by which its pods are selected; the value of the label `app` */}}
{{- define "shipper-license-server.name" -}}
shipper-license-server
{{- end }}

{{/* Labels of every object; the user's win, but for `app` */}}
{{- define "shipper-license-server.labels" -}}
{{- $labels := dict
      "app.kubernetes.io/name" "shipper-license-server"
      "app.kubernetes.io/component" "license-server"
      "app.kubernetes.io/part-of" "shipper"
      "app.kubernetes.io/version" .root.Chart.AppVersion }}
{{- $labels = mergeOverwrite $labels (.root.Values.server.labels | default dict) (.labels | default dict) }}
{{- $labels = mergeOverwrite $labels (dict "app" (include "shipper-license-server.name" .root)) }}
{{- toYaml $labels }}
{{- end }}

{{/*
The metadata of an object: `root`, `name`; `namespace` (none: that of the chart; "": none), `labels` and `annotations`
besides those of every object
*/}}
{{- define "shipper-license-server.metadata" -}}
name: {{ .name | quote }}
{{- with hasKey . "namespace" | ternary .namespace .root.Values.namespace }}
namespace: {{ . | quote }}
{{- end }}
labels:
  {{- include "shipper-license-server.labels" . | nindent 2 }}
{{- with mergeOverwrite dict (.root.Values.server.annotations | default dict) (.annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.image" -}}
{{- $tag := .Values.server.tag | default .Chart.AppVersion -}}
{{- contains "@" .Values.server.image | ternary .Values.server.image (printf "%s:%s" .Values.server.image $tag) -}}
{{- end }}

{{/* The most talkative level of a filter in mirrord's form, in the words of LOG_LEVEL */}}
{{- define "shipper-license-server.logLevel" -}}
{{- $level := .Values.server.logLevel | default "info" | lower | nospace }}
{{- if regexMatch "(^|[=,])(trace|debug)(,|$)" $level }}debug
{{- else if regexMatch "(^|[=,])info(,|$)" $level }}info
{{- else if regexMatch "(^|[=,])warn(ing)?(,|$)" $level }}warning
{{- else if regexMatch "(^|[=,])(error|off)(,|$)" $level }}error
{{- else }}{{ fail "server.logLevel: write debug, info, warning or error, or filters such as mirrord=debug,operator=info" }}
{{- end }}
{{- end }}

{{/* "true" where SQLite's volume is needed */}}
{{- define "shipper-license-server.volume" -}}
{{- if or (eq .Values.database.kind "sqlite") .Values.database.migrateFromSqlite }}true{{ end }}
{{- end }}

{{/* The license key, without blanks and the end of the line around it */}}
{{- define "shipper-license-server.licenseKey" -}}
{{- .Values.license.key | default "" | trim }}
{{- end }}

{{/* The license file as it came, with whatever blanks around it and ends of lines: empty if there is none */}}
{{- define "shipper-license-server.licenseText" -}}
{{- $data := .Values.license.file.data | default dict }}
{{- get $data "license.pem" | default "" | replace "\r\n" "\n" | trim }}
{{- end }}

{{/* The Secret of the license file, and that of the license key with its key */}}
{{- define "shipper-license-server.licenseSecret" -}}
{{- .Values.license.file.existingSecret | default .Values.license.file.secret | default "shipper-license-server-license" }}
{{- end }}

{{- define "shipper-license-server.keyRef" -}}
name: {{ .Values.license.existingSecret | default .Values.license.keyRef | default "shipper-license-server-key" | quote }}
key: {{ .Values.license.existingSecret | empty | ternary "OPERATOR_LICENSE_KEY" .Values.license.existingSecretKey | quote }}
{{- end }}

{{/* The ConfigMap of the vendor's public key; empty without one */}}
{{- define "shipper-license-server.trust" -}}
{{- .Values.license.trustKeyRef | default (empty .Values.license.trustKey | ternary "" "shipper-license-server-trust") }}
{{- end }}

{{/* "true" where the certificate stands in the values */}}
{{- define "shipper-license-server.inlineTls" -}}
{{- $data := .Values.tls.data | default dict }}
{{- if or (get $data "tls.crt") (get $data "tls.key") }}true{{ end }}
{{- end }}

{{/* The Secret of the certificate; empty without TLS. `tls.data` with empty texts says that there is none, as in mirrord */}}
{{- define "shipper-license-server.tlsSecret" -}}
{{- $made := or .Values.tls.certManager.enabled (include "shipper-license-server.inlineTls" .) }}
{{- if .Values.tls.existingSecret }}
{{- .Values.tls.existingSecret }}
{{- else if $made }}
{{- .Values.tls.secret | default "shipper-license-server-tls" }}
{{- else if not .Values.tls.data }}
{{- .Values.tls.secret | default "" }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.servicePort" -}}
{{- .Values.service.port | default (include "shipper-license-server.tlsSecret" . | empty | ternary 80 443) }}
{{- end }}

{{/* The prefix that the server has to know: ingress.path without its last slash, unless that is cut off before */}}
{{- define "shipper-license-server.rootPath" -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.stripPrefix) }}{{ .Values.ingress.path | trimSuffix "/" }}{{ end }}
{{- end }}

{{/* "true" where the Ingress speaks HTTPS, and the Secret of its certificate: empty for the controller's own */}}
{{- define "shipper-license-server.ingressTls" -}}
{{- $tls := .Values.ingress.tls }}
{{- if or $tls.enabled $tls.secret $tls.existingSecret }}true{{ end }}
{{- end }}

{{- define "shipper-license-server.ingressSecret" -}}
{{- $made := contains "cert-manager.io/" (.Values.ingress.annotations | default dict | keys | join " ") }}
{{- coalesce .Values.ingress.tls.existingSecret .Values.ingress.tls.secret ($made | ternary "shipper-license-server-ingress-tls" "") | default "" }}
{{- end }}

{{/* (list name value secret key): a variable from a text, which stands in a Secret if one is named, or from a reference */}}
{{- define "shipper-license-server.variable" -}}
{{- $value := index . 1 }}
- name: {{ index . 0 }}
{{- if kindIs "map" $value }}
  valueFrom:
    {{- toYaml $value | nindent 4 }}
{{- else if index . 2 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 2 | quote }}, key: {{ index . 3 | quote }}}
{{- else }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.databaseEnv" -}}
{{- $database := .Values.database }}
{{- $file := "sqlite:////data/license-server.db" }}
{{- if eq $database.kind "sqlite" }}
- {name: DATABASE_URL, value: {{ $file | quote }}}
{{- else }}
{{- $auth := $database.auth }}
{{- $made := "shipper-license-server-database" }}
{{- include "shipper-license-server.variable" (list "PGHOST" $database.host "" "") }}
- {name: PGPORT, value: {{ $database.port | default 5432 | toString | quote }}}
{{- include "shipper-license-server.variable" (list "PGDATABASE" ($database.name | default "shipper") "" "") }}
{{- if $auth.user }}
{{- include "shipper-license-server.variable" (list "PGUSER" $auth.user $made "PGUSER") }}
{{- else if $auth.existingSecret }}
{{- include "shipper-license-server.variable" (list "PGUSER" "" $auth.existingSecret $auth.existingSecretUserKey) }}
{{- end }}
{{- if $auth.password }}
{{- include "shipper-license-server.variable" (list "PGPASSWORD" $auth.password $made "PGPASSWORD") }}
{{- else if $auth.existingSecret }}
{{- include "shipper-license-server.variable" (list "PGPASSWORD" "" $auth.existingSecret $auth.existingSecretPasswordKey) }}
{{- end }}
{{- if $database.tls }}
- {name: PGSSLMODE, value: verify-full}
{{- if or $database.caSecret $database.caConfigMap }}
- {name: PGSSLROOTCERT, value: /database-ca/ca.crt}
{{- end }}
{{- end }}
{{- if $database.migrateFromSqlite }}
- {name: MIGRATE_DATABASE_URL, value: {{ $file | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{/* What the chart itself sets; `extraEnv` comes on top */}}
{{- define "shipper-license-server.env" -}}
- {name: ADDRESS, value: {{ printf "0.0.0.0:%d" (int .Values.server.port) | quote }}}
- name: LICENSE_KEY
  valueFrom:
    secretKeyRef:
      {{- include "shipper-license-server.keyRef" . | nindent 6 }}
- {name: LICENSE_PATH, value: /license/license.pem}
{{- if include "shipper-license-server.trust" . }}
- {name: TRUST_KEY_PATH, value: /trust/vendor.pub}
{{- end }}
{{- include "shipper-license-server.databaseEnv" . }}
{{- if include "shipper-license-server.tlsSecret" . }}
- {name: TLS_CERT_PATH, value: /tls/tls.crt}
- {name: TLS_KEY_PATH, value: /tls/tls.key}
{{- end }}
{{- with include "shipper-license-server.rootPath" . }}
- {name: ROOT_PATH, value: {{ . | quote }}}
{{- end }}
{{- with .Values.server.trustedProxies }}
- {name: TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
- {name: LOG_LEVEL, value: {{ include "shipper-license-server.logLevel" . }}}
- {name: LOG_FORMAT, value: {{ .Values.server.jsonLog | ternary "json" "text" }}}
- {name: ERROR_EVENTS_RETENTION_DAYS, value: {{ .Values.server.retention.operatorErrors | default 30 | toString | quote }}}
{{- end }}

{{/* `resources` if anything is in it, else requests and limits */}}
{{- define "shipper-license-server.resources" -}}
{{- $both := dict "requests" (.Values.server.requests | default dict) "limits" (.Values.server.limits | default dict) }}
{{- .Values.server.resources | default $both | toYaml }}
{{- end }}
