{{/* What a schema can't say: refused with a sentence that says what to do instead. setup has the same ones */}}
{{- define "shipper-license-server.check" -}}
{{- include "shipper-license-server.checkMirrord" . }}
{{- include "shipper-license-server.checkLicense" . }}
{{- include "shipper-license-server.checkDatabase" . }}
{{- include "shipper-license-server.checkTls" . }}
{{- include "shipper-license-server.checkServer" . }}
{{- end }}

{{/* What mirrord's chart has and this one hasn't: taken as long as it is off */}}
{{- define "shipper-license-server.checkMirrord" -}}
{{- $license := .Values.license }}
{{- range $name := list "pemGsmRef" "gsmRef" }}
{{- if get $license $name }}
{{- fail (printf "license.%s: Google Secret Manager isn't read; sync the license into a Kubernetes Secret, for example with External Secrets, and name that in license.file.existingSecret" $name) }}
{{- end }}
{{- end }}
{{- if $license.keyGsmRef }}
{{- fail "license.keyGsmRef: Google Secret Manager isn't read; sync the license key into a Kubernetes Secret, for example with External Secrets, and name that in license.existingSecret" }}
{{- end }}
{{- if get (.Values.database.cloudSqlProxy | default dict) "enabled" }}
{{- fail "database.cloudSqlProxy: no proxy is started beside the server; run the Cloud SQL Auth Proxy as a Deployment of its own, and name its Service in database.host" }}
{{- end }}
{{- range $name := list "awsIam" "iamGcp" }}
{{- if get $.Values.database.auth $name }}
{{- fail (printf "database.auth.%s: no IAM tokens are asked for; give the database a user with a password, in database.auth.existingSecret" $name) }}
{{- end }}
{{- end }}
{{- if .Values.sa.gcpSa }}
{{- fail "sa.gcpSa: the server asks nothing of Google Cloud; leave it out, and put annotations of the ServiceAccount into sa.annotations" }}
{{- end }}
{{- range $name := list "enabled" "adoptionEnabled" "deploymentsEnabled" }}
{{- if get ($.Values.dashboard | default dict) $name }}
{{- fail (printf "dashboard.%s: there is no dashboard; use the reports of the API, or the metrics (serviceMonitor.enabled)" $name) }}
{{- end }}
{{- end }}
{{- if get (.Values.saml | default dict) "enabled" }}
{{- fail "saml.enabled: there is no dashboard to sign in to; people read reports with a key of their own (shipper license-server key add --scope report)" }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.checkLicense" -}}
{{- $license := .Values.license }}
{{- $key := include "shipper-license-server.licenseKey" . }}
{{- $keys := compact (list $key $license.keyRef $license.existingSecret) }}
{{- if gt (len $keys) 1 }}
{{- fail "license: more than one of key, keyRef and existingSecret is set; keep the one that has the license key" }}
{{- end }}
{{- if not $keys }}
{{- fail "license: there is no license key; set license.key to a text of your choice, or license.existingSecret to a Secret that has it" }}
{{- end }}
{{- if and $key (or (not (regexMatch "^[!-?A-~][!-~]*$" $key)) (gt (len $key) 4096)) }}
{{- fail "license.key: a license key is one line of letters, digits and signs, in ASCII, and doesn't begin with @; choose another" }}
{{- end }}
{{- $inline := include "shipper-license-server.licenseText" . }}
{{- if and $inline $license.file.existingSecret }}
{{- fail "license.file: both data and existingSecret are set; keep the one that has the license" }}
{{- end }}
{{- if not (or $inline $license.file.existingSecret $license.file.secret) }}
{{- fail "license.file: there is no license; set license.file.data.\"license.pem\" to the text of the file that the vendor sent, or license.file.existingSecret to a Secret that has it as license.pem" }}
{{- end }}
{{- if and $license.trustKey $license.trustKeyRef }}
{{- fail "license: both trustKey and trustKeyRef are set; keep the one that has the vendor's public key" }}
{{- end }}
{{- if and $license.trustKey (not (contains "-----BEGIN PUBLIC KEY-----" $license.trustKey)) }}
{{- fail "license.trustKey: it is the text of vendor.pub, which begins with -----BEGIN PUBLIC KEY-----; give it by --set-file license.trustKey=vendor.pub" }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.checkDatabase" -}}
{{- $database := .Values.database }}
{{- $auth := $database.auth }}
{{- range $name, $value := dict "host" $database.host "name" $database.name "auth.user" $auth.user "auth.password" $auth.password }}
{{- if kindIs "map" $value }}
{{- if ne (len (pick $value "secretKeyRef" "configMapKeyRef")) 1 }}
{{- fail (printf "database.%s: a map has either secretKeyRef or configMapKeyRef, with name and key; a text stands there by itself" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if eq $database.kind "sqlite" }}
{{- if gt (int .Values.server.replicas) 1 }}
{{- fail "server.replicas: only one server can use a SQLite file; set it to 1, or database.kind to postgres" }}
{{- end }}
{{- else }}
{{- if not $database.host }}
{{- fail "database.host: with database.kind postgres it must say where that is; set it to a host name, such as postgres.databases.svc" }}
{{- end }}
{{- if and $database.migrateFromSqlite (gt (int .Values.server.replicas) 1) }}
{{- fail "database.migrateFromSqlite: only one server can read the SQLite file; set server.replicas to 1 until it has moved" }}
{{- end }}
{{- if and $auth.existingSecret $auth.password }}
{{- fail "database.auth: both existingSecret and password are set; keep the one that has the password" }}
{{- end }}
{{- if and $database.caSecret $database.caConfigMap }}
{{- fail "database: both caSecret and caConfigMap are set; keep the one that has ca.crt" }}
{{- end }}
{{- if and (or $database.caSecret $database.caConfigMap) (not $database.tls) }}
{{- fail "database.caSecret and database.caConfigMap are for database.tls; set that to true" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.checkTls" -}}
{{- $tls := .Values.tls }}
{{- $data := $tls.data | default dict }}
{{- $inline := include "shipper-license-server.inlineTls" . }}
{{- if and $inline (not (and (get $data "tls.crt") (get $data "tls.key"))) }}
{{- fail "tls.data: it takes both tls.crt and tls.key" }}
{{- end }}
{{- if gt (len (compact (list $inline $tls.existingSecret (ternary "true" "" $tls.certManager.enabled)))) 1 }}
{{- fail "tls: more than one of data, existingSecret and certManager.enabled is set; keep the one that the certificate comes from" }}
{{- end }}
{{- if and $tls.certManager.enabled (not $tls.certManager.internalNames) (not $tls.certManager.dnsNames) }}
{{- fail "tls.certManager: without internalNames the certificate has no name; set tls.certManager.dnsNames" }}
{{- end }}
{{- end }}

{{- define "shipper-license-server.checkServer" -}}
{{- if regexMatch "^[^@]*:[^/@]*$" .Values.server.image }}
{{- fail "server.image: it has a tag already; leave that out, and put it into server.tag" }}
{{- end }}
{{- $own := list }}
{{- range (include "shipper-license-server.env" . | fromYamlArray) }}
{{- $own = append $own .name }}
{{- end }}
{{- range $name, $value := .Values.server.extraEnv }}
{{- if has $name $own }}
{{- fail (printf "server.extraEnv.%s: the chart sets this variable from a value of its own; use that" $name) }}
{{- end }}
{{- if kindIs "map" $value }}
{{- if not (hasKey $value "valueFrom") }}
{{- fail (printf "server.extraEnv.%s: a map has valueFrom; a text stands there by itself" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- $class := .Values.ingress.className | default "" }}
{{- if and .Values.ingress.enabled .Values.ingress.stripPrefix $class (not (contains "nginx" $class)) }}
{{- fail "ingress.stripPrefix: only ingress-nginx is known to cut a prefix off; set it to false, and the server knows its prefix itself" }}
{{- end }}
{{- end }}
