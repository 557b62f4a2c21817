{{- /* Names are fixed by values, not by the release: what setup prints without Helm is the same. */ -}}

{{- define "shipper-license-server.labels" -}}
app: shipper-license-server
app.kubernetes.io/name: shipper-license-server
app.kubernetes.io/component: license-server
app.kubernetes.io/part-of: shipper
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- /* (list $ name labels annotations): the metadata of an object, with its own labels and annotations */ -}}
{{- define "shipper-license-server.metadata" -}}
{{- $root := index . 0 -}}
{{- $labels := mergeOverwrite (dict) ($root.Values.server.labels | default dict) (index . 2 | default dict) }}
{{- $labels = mergeOverwrite $labels (include "shipper-license-server.labels" $root | fromYaml) }}
{{- $annotations := mergeOverwrite (dict) ($root.Values.server.annotations | default dict) (index . 3 | default dict) -}}
name: {{ index . 1 | quote }}
namespace: {{ $root.Values.namespace | quote }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.image" -}}
{{- $tag := .Values.server.tag | default .Chart.AppVersion -}}
{{- contains "@" .Values.server.image | ternary .Values.server.image (printf "%s:%s" .Values.server.image $tag) -}}
{{- end }}

{{- /* debug, info, warning or error: of a filter such as mirrord=debug,operator=info the most talkative */ -}}
{{- define "shipper-license-server.logLevel" -}}
{{- $known := dict "trace" "debug" "debug" "debug" "info" "info" "warn" "warning" "warning" "warning" "error" "error" "off" "error" }}
{{- $levels := list }}
{{- range splitList "," (.Values.server.logLevel | default "info") }}
{{- $word := splitList "=" . | last | trim | lower }}
{{- $levels = append $levels (get $known $word | default (printf "?%s" $word)) }}
{{- end }}
{{- range $level := $levels }}
{{- if hasPrefix "?" $level }}
{{- fail (printf "server.logLevel: %s is none of debug, info, warning and error: write one of these, or filters such as mirrord=debug,operator=info" (trimPrefix "?" $level | toJson)) }}
{{- end }}
{{- end }}
{{- $found := list }}
{{- range $level := list "debug" "info" "warning" "error" }}
{{- if has $level $levels }}{{ $found = append $found $level }}{{ end }}
{{- end }}
{{- first $found }}
{{- end }}

{{- /* "true" where SQLite's volume is needed */ -}}
{{- define "shipper-license-server.volume" -}}
{{- if or (eq .Values.database.kind "sqlite") .Values.database.migrateFromSqlite }}true{{ end }}
{{- end }}

{{- /* The Secret of the license file, and that of the license key with its key */ -}}
{{- define "shipper-license-server.licenseSecret" -}}
{{- .Values.license.file.existingSecret | default .Values.license.file.secret | default "shipper-license-server-license" }}
{{- end }}

{{- define "shipper-license-server.keyRef" -}}
name: {{ .Values.license.existingSecret | default .Values.license.keyRef | default "shipper-license-server-key" | quote }}
key: {{ .Values.license.existingSecret | empty | ternary "OPERATOR_LICENSE_KEY" .Values.license.existingSecretKey | quote }}
{{- end }}

{{- /* The ConfigMap of the vendor's public key; empty without one */ -}}
{{- define "shipper-license-server.trust" -}}
{{- .Values.license.trustKeyRef | default (empty .Values.license.trustKey | ternary "" "shipper-license-server-trust") }}
{{- end }}

{{- /* "true" where the certificate stands in the values */ -}}
{{- define "shipper-license-server.inlineTls" -}}
{{- $data := .Values.tls.data | default dict }}
{{- if or (get $data "tls.crt") (get $data "tls.key") }}true{{ end }}
{{- end }}

{{- /* The Secret of the certificate; empty without TLS. `tls.data` with empty texts says that there is none, as in mirrord */ -}}
{{- define "shipper-license-server.tlsSecret" -}}
{{- $made := or .Values.tls.certManager.enabled (include "shipper-license-server.inlineTls" .) }}
{{- if .Values.tls.existingSecret }}
{{- .Values.tls.existingSecret }}
{{- else if $made }}
{{- .Values.tls.secret | default "shipper-license-server-tls" }}
{{- else if not .Values.tls.data }}
{{- .Values.tls.secret }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.servicePort" -}}
{{- .Values.service.port | default (include "shipper-license-server.tlsSecret" . | empty | ternary 80 443) }}
{{- end }}

{{- /* The prefix that the server has to know: ingress.path without its last slash, unless that is cut off before */ -}}
{{- define "shipper-license-server.rootPath" -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.stripPrefix) }}{{ .Values.ingress.path | trimSuffix "/" }}{{ end }}
{{- end }}

{{- /* (list name value secret key): a variable from a text, which stands in a Secret if one is named, or from a reference */ -}}
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
{{- include "shipper-license-server.variable" (list "PGDATABASE" $database.name "" "") }}
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
- {name: PGSSLROOTCERT, value: {{ or $database.caSecret $database.caConfigMap | ternary "/database-ca/ca.crt" "system" }}}
{{- end }}
{{- if $database.migrateFromSqlite }}
- {name: MIGRATE_DATABASE_URL, value: {{ $file | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{- /* What the chart itself sets; `extraEnv` comes on top */ -}}
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
