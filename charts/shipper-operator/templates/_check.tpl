{{- /* What no schema can say: refused with a sentence that says what to do. setup says the same ones */ -}}
{{- define "shipper-operator.check" -}}
{{- $operator := .Values.operator }}
{{- $license := .Values.license }}
{{- $server := .Values.license.licenseServer | default "" }}
{{- $sync := .Values.sync }}
{{- if ne (int $operator.replicas) 1 }}
{{- fail "operator.replicas must be 1: one operator runs in a cluster, and its volume is for one pod. Apps go on while it restarts" }}
{{- end }}
{{- if and $operator.tag $operator.imageTag (ne $operator.tag $operator.imageTag) }}
{{- fail "operator.tag and operator.imageTag mean the same: set one of them" }}
{{- end }}
{{- if gt (len (compact (list $license.key $license.keyRef $license.existingSecret))) 1 }}
{{- fail "only one of license.key, license.keyRef and license.existingSecret can be set" }}
{{- end }}
{{- $text := include "shipper-operator.licenseText" . }}
{{- $files := compact (list $text $license.file.existingSecret $license.pemRef) }}
{{- if gt (len $files) 1 }}
{{- fail "only one of license.file.data, license.file.existingSecret and license.pemRef can be set" }}
{{- end }}
{{- $key := include "shipper-operator.keySecret" . }}
{{- if and (not $server) (not $key) (not $files) }}
{{- fail "there is no license: set license.licenseServer and license.key (or license.keyRef, license.existingSecret), or give the license itself in license.file.data (or license.pemRef, license.file.existingSecret)" }}
{{- end }}
{{- if and $key (not $server) }}
{{- fail "license.licenseServer is missing: the license key is for it. Set its URL, such as https://licenses.example.com, or leave the key out where the license itself is given" }}
{{- end }}
{{- if and $server (not $key) }}
{{- fail "license.licenseServer asks for a license key: set license.key, license.keyRef or license.existingSecret" }}
{{- end }}
{{- if contains "@" $server }}
{{- fail "license.licenseServer has a name or password in it, which is not used: the key goes into license.key, license.keyRef or license.existingSecret" }}
{{- end }}
{{- if and $server (not (regexMatch "^https?://[A-Za-z0-9\\[][A-Za-z0-9:._\\[\\]-]*(/[^?#\\s]*)?$" $server)) }}
{{- fail (printf "license.licenseServer: %s is no URL of a server: it begins with http:// or https://, then the host, and the prefix that it is under, if any" (toRawJson $server)) }}
{{- end }}
{{- if contains "/api/v1" $server }}
{{- fail "license.licenseServer is the URL of the server, without /api/v1, which is added to it" }}
{{- end }}
{{- if and $license.key (or (not (regexMatch "^[!-~]+$" $license.key)) (hasPrefix "@" $license.key)) }}
{{- fail "license.key is one line of letters, digits and signs in ASCII, and doesn't begin with @ (its value is not shown)" }}
{{- end }}
{{- if and $license.trustKey $license.trustKeyRef }}
{{- fail "only one of license.trustKey and license.trustKeyRef can be set" }}
{{- end }}
{{- if and $license.trustKey (not (contains "-----BEGIN PUBLIC KEY-----" $license.trustKey)) }}
{{- fail "license.trustKey is the text of vendor.pub, which begins with -----BEGIN PUBLIC KEY-----" }}
{{- end }}
{{- if and $license.caSecret $license.caConfigMap }}
{{- fail "only one of license.caSecret and license.caConfigMap can be set" }}
{{- end }}
{{- if and $license.pullSecret (not $text) }}
{{- fail "license.pullSecret needs the license in license.file.data, which has the account: give it there, or name a Secret in operator.imagePullSecrets" }}
{{- end }}
{{- if and (or $sync.secret $sync.pullSecret) (not $sync.namespaces) }}
{{- fail "sync.namespaces is empty: name the namespaces in which sync.secret and sync.pullSecret are kept" }}
{{- end }}
{{- if and $sync.namespaces (not (or $sync.secret $sync.pullSecret)) }}
{{- fail "sync.namespaces needs sync.secret or sync.pullSecret: the name of what is kept in them" }}
{{- end }}
{{- if and $sync.secret (eq $sync.secret ($sync.pullSecret | default "")) }}
{{- fail "sync.secret and sync.pullSecret must differ: they are Secrets of two types" }}
{{- end }}
{{- if and .Values.service.nodePort (eq .Values.service.type "ClusterIP") }}
{{- fail "service.nodePort needs service.type NodePort or LoadBalancer" }}
{{- end }}
{{- $own := list "OPERATOR_LISTEN" "OPERATOR_STATE_DIR" "OPERATOR_ALLOWED_HOSTS" "OPERATOR_LICENSE_SERVER" "OPERATOR_LICENSE_KEY" "OPERATOR_LICENSE_PATH" "OPERATOR_TRUST_KEY" "OPERATOR_CA_FILE" "OPERATOR_CLUSTER_NAME" "OPERATOR_PRODUCT" "OPERATOR_REFRESH_SECONDS" "OPERATOR_ALLOWED_CALLERS" "OPERATOR_TOKEN_AUDIENCE" "OPERATOR_SYNC_SECRET" "OPERATOR_SYNC_PULL_SECRET" "OPERATOR_SYNC_NAMESPACES" "LOG_LEVEL" "LOG_FORMAT" }}
{{- range $name, $_ := $operator.extraEnv }}
{{- if has $name $own }}
{{- fail (printf "operator.extraEnv: %s is set by a value of its own" $name) }}
{{- end }}
{{- end }}
{{- include "shipper-operator.checkFeatures" . }}
{{- end }}

{{- /* What mirrord's operator has and this one doesn't: taken as long as it is off */ -}}
{{- define "shipper-operator.checkFeatures" -}}
{{- $operator := .Values.operator }}
{{- range $name, $value := $operator }}
{{- if $value }}
{{- if hasSuffix "Splitting" $name }}
{{- fail (printf "operator.%s: this operator splits no queues. Set it to false" $name) }}
{{- end }}
{{- if hasSuffix "Branching" $name }}
{{- if ne $name "dbBranching" }}
{{- fail (printf "operator.%s: this operator makes no copies of databases. Set it to false" $name) }}
{{- end }}
{{- end }}
{{- if has $name (list "applicationPauseAutoSync" "suspendFluxControllers") }}
{{- fail (printf "operator.%s: this operator changes no workloads, so nothing has to be paused. Set it to false" $name) }}
{{- end }}
{{- if has $name (list "maxSessionTimeSeconds" "sessionUnusedTtlSeconds" "sessionSetupDeadlineSeconds" "noPodTargetsSessionTimeoutMillis") }}
{{- fail (printf "operator.%s: a session ends when its app sends no heartbeat, in the time that the app asks for (heartbeat_seconds). Leave it out" $name) }}
{{- end }}
{{- if has $name (list "otelLogExportUrl" "otelTraceExportUrl") }}
{{- fail (printf "operator.%s: logs go to standard error (operator.jsonLog), figures to /metrics (serviceMonitor.enabled). Leave it out" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $operator.previewEnv }}
{{- fail "operator.previewEnv: this operator runs no copies of workloads. Set it to false" }}
{{- end }}
{{- if $operator.jiraWebhookUrl }}
{{- fail "operator.jiraWebhookUrl: nothing is sent to any place but the license server. Leave it out, and ask that for reports" }}
{{- end }}
{{- if $operator.containerArgs }}
{{- fail "operator.containerArgs: the container runs shipper operator run, whose settings have values of their own; others go into operator.extraEnv. Leave it out" }}
{{- end }}
{{- if or (get (get $operator "multiCluster" | default dict) "enabled") $operator.multiClusterMember }}
{{- fail "operator.multiCluster and operator.multiClusterMember: operators of several clusters share seats by the license server. Turn it off, and set the same license.licenseServer in each cluster" }}
{{- end }}
{{- if get (get $operator "kafkaSplittingSidecar" | default dict) "enabled" }}
{{- fail "operator.kafkaSplittingSidecar: this operator splits no queues. Set enabled to false" }}
{{- end }}
{{- $agent := .Values.agent | default dict }}
{{- range $name := list "tls" "port" "image" "resources" "extraEnv" "extraConfig" }}
{{- if get $agent $name }}
{{- fail (printf "agent.%s: this operator starts no agents. Leave it out" $name) }}
{{- end }}
{{- end }}
{{- range $name := list "gsmRef" "pemGsmRef" }}
{{- if get $.Values.license $name }}
{{- fail (printf "license.%s: Google Secret Manager is not read. Put the license into a Secret as license.pem, such as by External Secrets, and name that in license.pemRef" $name) }}
{{- end }}
{{- end }}
{{- if .Values.license.keyGsmRef }}
{{- fail "license.keyGsmRef: Google Secret Manager is not read. Put the key into a Secret as OPERATOR_LICENSE_KEY, such as by External Secrets, and name that in license.keyRef" }}
{{- end }}
{{- if eq (toString .Values.license.allowSeatOverages) "false" }}
{{- fail "license.allowSeatOverages: the license says whether there may be more users than seats (seats.overage). Leave it out, and ask the vendor for a license that denies" }}
{{- end }}
{{- $apiKey := get (.Values.cloud | default dict) "apiKey" | default dict }}
{{- if or (get $apiKey "key") (get $apiKey "keyRef") (get $apiKey "gsmRef") }}
{{- fail "cloud.apiKey: there is no cloud, the license comes from your license server. Set license.licenseServer and license.key instead" }}
{{- end }}
{{- $tls := .Values.tls | default dict }}
{{- $inline := get $tls "data" | default dict }}
{{- if or (get $tls "useExistingSecret") (get (get $tls "certManager" | default dict) "enabled") (get $inline "tls.crt") (get $inline "tls.key") }}
{{- fail "tls: apps call the operator in plain HTTP, within the cluster. Turn it off; set operator.tokenAudience, so that the tokens of apps open nothing else, or use a service mesh" }}
{{- end }}
{{- if .Values.openshift }}
{{- fail (printf "openshift: there is no SecurityContextConstraints in this chart. Set it to false, and allow the fixed user by oc adm policy add-scc-to-user nonroot-v2 -z %s -n %s" .Values.sa.name .Values.namespace) }}
{{- end }}
{{- if .Values.roleNamespaces }}
{{- fail "roleNamespaces: users need no role, since they never call the operator. Leave it out; which apps may is operator.allowedCallers" }}
{{- end }}
{{- range $kind := list "role" "clusterRole" }}
{{- range $name, $role := get $.Values $kind | default dict }}
{{- if get ($role | default dict) "labels" }}
{{- fail (printf "%s.%s: users need no role, since they never call the operator. Leave it out; which apps may is operator.allowedCallers" $kind $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name := list "roleArn" "gcpSa" "azureClientId" }}
{{- if get $.Values.sa $name }}
{{- fail (printf "sa.%s: the operator calls no cloud. Leave it out; what else the service account needs goes into sa.annotations" $name) }}
{{- end }}
{{- end }}
{{- if get (get .Values "podDisruptionBudget" | default dict) "enabled" }}
{{- fail "podDisruptionBudget: of one pod it would only keep nodes from being drained. Set enabled to false; apps go on while the operator restarts" }}
{{- end }}
{{- end }}
