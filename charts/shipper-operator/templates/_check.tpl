{{/* What a schema can't say: refused with a sentence that says what to do instead. setup has the same ones */}}
{{- define "shipper-operator.check" -}}
{{- include "shipper-operator.checkMirrord" . }}
{{- include "shipper-operator.checkLicense" . }}
{{- include "shipper-operator.checkServer" . }}
{{- include "shipper-operator.checkSync" . }}
{{- include "shipper-operator.checkOperator" . }}
{{- end }}

{{/* What mirrord's chart has and this one hasn't: taken as long as it is off */}}
{{- define "shipper-operator.checkMirrord" -}}
{{- $operator := .Values.operator }}
{{- range $name, $value := $operator }}
{{- if $value }}
{{- if hasSuffix "Splitting" $name }}
{{- fail (printf "operator.%s: this operator splits no queues; set it to false" $name) }}
{{- end }}
{{- if and (hasSuffix "Branching" $name) (ne $name "dbBranching") }}
{{- fail (printf "operator.%s: this operator copies no databases; set it to false" $name) }}
{{- end }}
{{- if has $name (list "applicationPauseAutoSync" "suspendFluxControllers" "pauseKedaScaleIn" "previewEnv" "topology") }}
{{- fail (printf "operator.%s: this operator touches no workloads; set it to false" $name) }}
{{- end }}
{{- if has $name (list "maxSessionTimeSeconds" "sessionUnusedTtlSeconds" "sessionSetupDeadlineSeconds" "communicationTimeoutMillis" "noPodTargetsSessionTimeoutMillis") }}
{{- fail (printf "operator.%s: a session ends when its app sends no heartbeat in the time that it asked for (heartbeat_seconds); leave it out" $name) }}
{{- end }}
{{- if has $name (list "otelLogExportUrl" "otelTraceExportUrl") }}
{{- fail (printf "operator.%s: nothing is exported; collect the log of the pod (operator.jsonLog) and the metrics (serviceMonitor.enabled)" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $operator.jiraWebhookUrl }}
{{- fail "operator.jiraWebhookUrl: nothing is sent to any place but the license server; ask that for reports" }}
{{- end }}
{{- if $operator.containerArgs }}
{{- fail "operator.containerArgs: the arguments are the chart's; settings have values of their own, and others go into operator.extraEnv" }}
{{- end }}
{{- if get ($operator.multiCluster | default dict) "enabled" }}
{{- fail "operator.multiCluster: clusters share seats by the license server; set enabled to false, and the same license.licenseServer in each cluster" }}
{{- end }}
{{- if $operator.multiClusterMember }}
{{- fail "operator.multiClusterMember: clusters share seats by the license server; set it to false, and the same license.licenseServer in each cluster" }}
{{- end }}
{{- if get ($operator.kafkaSplittingSidecar | default dict) "enabled" }}
{{- fail "operator.kafkaSplittingSidecar: this operator splits no queues; set enabled to false" }}
{{- end }}
{{- range $name := list "tls" "port" "image" "resources" "extraEnv" "extraConfig" }}
{{- if get ($.Values.agent | default dict) $name }}
{{- fail (printf "agent.%s: this operator starts no agents; leave it out" $name) }}
{{- end }}
{{- end }}
{{- range $name := list "gsmRef" "pemGsmRef" }}
{{- if get $.Values.license $name }}
{{- fail (printf "license.%s: Google Secret Manager isn't read; sync the license into a Kubernetes Secret, for example with External Secrets, and name that in license.file.existingSecret" $name) }}
{{- end }}
{{- end }}
{{- if .Values.license.keyGsmRef }}
{{- fail "license.keyGsmRef: Google Secret Manager isn't read; sync the license key into a Kubernetes Secret, for example with External Secrets, and name that in license.existingSecret" }}
{{- end }}
{{- if not (dig "allowSeatOverages" true .Values.license) }}
{{- fail "license.allowSeatOverages: the license says whether there may be more users than seats; leave it out, and ask the vendor for a license with overage deny" }}
{{- end }}
{{- range $name := list "key" "keyRef" "gsmRef" }}
{{- if get (dig "apiKey" dict ($.Values.cloud | default dict) | default dict) $name }}
{{- fail (printf "cloud.apiKey.%s: there is no cloud to ask; leave it out, and set license.licenseServer and license.key" $name) }}
{{- end }}
{{- end }}
{{- $tls := .Values.tls | default dict }}
{{- $inline := get $tls "data" | default dict }}
{{- if or (get $tls "useExistingSecret") (get (get $tls "certManager" | default dict) "enabled") (get $inline "tls.crt") (get $inline "tls.key") }}
{{- fail "tls: apps call the operator in plain HTTP, within the cluster; leave it out, and set operator.tokenAudience, so that the tokens of apps open nothing else" }}
{{- end }}
{{- if .Values.openshift }}
{{- fail (printf "openshift: the chart has no SecurityContextConstraints; set it to false, and run: oc adm policy add-scc-to-user nonroot-v2 -z %s -n %s" .Values.sa.name .Values.namespace) }}
{{- end }}
{{- if .Values.roleNamespaces }}
{{- fail "roleNamespaces: users of apps need no role; leave it out. Which apps may call the operator is said by operator.allowedCallers" }}
{{- end }}
{{- range $name := list "namespaced" "allowedNamespaces" }}
{{- if get $.Values $name }}
{{- fail (printf "%s: the operator looks into no namespaces but those of sync.namespaces; leave it out. Which apps may call it is said by operator.allowedCallers" $name) }}
{{- end }}
{{- end }}
{{- range $kind := list "role" "clusterRole" }}
{{- range $name, $role := get $.Values $kind | default dict }}
{{- if get ($role | default dict) "labels" }}
{{- fail (printf "%s.%s: users of apps need no role; leave it out. Which apps may call the operator is said by operator.allowedCallers" $kind $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name := list "roleArn" "gcpSa" "azureClientId" }}
{{- if get $.Values.sa $name }}
{{- fail (printf "sa.%s: the operator asks nothing of a cloud, so leave it out; an annotation of the ServiceAccount goes into sa.annotations" $name) }}
{{- end }}
{{- end }}
{{- if get (.Values.podDisruptionBudget | default dict) "enabled" }}
{{- fail "podDisruptionBudget: of one pod it could only keep nodes from being drained; set enabled to false. Apps go on while the operator restarts" }}
{{- end }}
{{- end }}

{{- define "shipper-operator.checkLicense" -}}
{{- $license := .Values.license }}
{{- $inline := include "shipper-operator.licenseText" . }}
{{- $key := include "shipper-operator.licenseKey" . }}
{{- $keys := compact (list $key $license.keyRef $license.existingSecret) }}
{{- $files := compact (list $inline $license.file.existingSecret $license.pemRef) }}
{{- if gt (len $keys) 1 }}
{{- fail "license: more than one of key, keyRef and existingSecret is set; keep the one that has the license key" }}
{{- end }}
{{- if gt (len $files) 1 }}
{{- fail "license: more than one of file.data, file.existingSecret and pemRef is set; keep the one that has the license" }}
{{- end }}
{{- if not (or $license.licenseServer $keys $files) }}
{{- fail "license: there is none; set license.licenseServer and license.key (or license.existingSecret), or license.file.data.\"license.pem\" to the text of the file that the vendor sent (or license.file.existingSecret)" }}
{{- end }}
{{- if and $keys (not $license.licenseServer) }}
{{- fail "license.licenseServer: the license key is for a license server; set its URL, such as https://licenses.example.com, or leave the key out where the license itself is given" }}
{{- end }}
{{- if and $license.licenseServer (not $keys) }}
{{- fail "license.licenseServer: it asks for a license key; set license.key, or license.existingSecret to a Secret that has it" }}
{{- end }}
{{- if and $key (or (not (regexMatch "^[!-?A-~][!-~]*$" $key)) (gt (len $key) 4096)) }}
{{- fail "license.key: a license key is one line of letters, digits and signs, in ASCII, and doesn't begin with @; is it the one of the license server?" }}
{{- end }}
{{- if and $license.trustKey $license.trustKeyRef }}
{{- fail "license: both trustKey and trustKeyRef are set; keep the one that has the vendor's public key" }}
{{- end }}
{{- if and $license.trustKey (not (contains "-----BEGIN PUBLIC KEY-----" $license.trustKey)) }}
{{- fail "license.trustKey: it is the text of vendor.pub, which begins with -----BEGIN PUBLIC KEY-----; give it by --set-file license.trustKey=vendor.pub" }}
{{- end }}
{{- if and $license.caSecret $license.caConfigMap }}
{{- fail "license: both caSecret and caConfigMap are set; keep the one that has ca.crt" }}
{{- end }}
{{- if and $license.pullSecret (not $inline) }}
{{- fail "license.pullSecret: it is made from the license in license.file.data; give it there, or name a Secret in operator.imagePullSecrets" }}
{{- end }}
{{- if and $license.pullSecret (not (include "shipper-operator.dockerConfig" .)) }}
{{- fail "license.pullSecret: the license in license.file.data has no account for a container registry; ask the vendor for one, or name a Secret in operator.imagePullSecrets" }}
{{- end }}
{{- end }}

{{- define "shipper-operator.checkServer" -}}
{{- with .Values.license.licenseServer }}
{{- if contains "@" . }}
{{- fail "license.licenseServer: a name or password in a URL is not used; leave it out, and set license.key" }}
{{- end }}
{{- if not (regexMatch "^https?://" .) }}
{{- fail (printf "license.licenseServer: %s begins with neither https:// nor http://; write it with the one that the server speaks" (toRawJson .)) }}
{{- end }}
{{- if regexMatch "[?#]|/api/v1" . }}
{{- fail (printf "license.licenseServer: %s is more than the server; leave out /api/v1, which is added to it, and what begins with ? or #" (toRawJson .)) }}
{{- end }}
{{- $fits := regexMatch "^https?://([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\])(:[1-9][0-9]{0,4})?(/[!-;=A-Z_a-z~]*)?$" . }}
{{- if or (not $fits) (gt (int (include "shipper-operator.serverPort" $)) 65535) }}
{{- fail (printf "license.licenseServer: %s is no URL; write https://, the host, its port if need be, and the prefix that the server is under, if any" (toRawJson .)) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "shipper-operator.checkSync" -}}
{{- $sync := .Values.sync }}
{{- if and (or $sync.secret $sync.pullSecret) (not $sync.namespaces) }}
{{- fail "sync.namespaces: it is empty; name the namespaces in which sync.secret and sync.pullSecret are kept" }}
{{- end }}
{{- if and $sync.namespaces (not (or $sync.secret $sync.pullSecret)) }}
{{- fail "sync.secret: it is empty; name the Secret that is kept in the namespaces, or set sync.pullSecret" }}
{{- end }}
{{- if and $sync.secret (eq $sync.secret ($sync.pullSecret | default "")) }}
{{- fail "sync.pullSecret: it is sync.secret, and the two are of different types; name it otherwise" }}
{{- end }}
{{- end }}

{{- define "shipper-operator.checkOperator" -}}
{{- $operator := .Values.operator }}
{{- if ne (int $operator.replicas) 1 }}
{{- fail "operator.replicas: one operator runs in a cluster, and only one can use its volume; set it to 1. Apps go on while it restarts" }}
{{- end }}
{{- if regexMatch "^[^@]*:[^/@]*$" $operator.image }}
{{- fail "operator.image: it has a tag already; leave that out, and put it into operator.tag" }}
{{- end }}
{{- if and $operator.tag $operator.imageTag (ne $operator.tag $operator.imageTag) }}
{{- fail "operator: both tag and imageTag are set, and mean the same; keep one" }}
{{- end }}
{{- $own := list }}
{{- range (include "shipper-operator.env" . | fromYamlArray) }}
{{- $own = append $own .name }}
{{- end }}
{{- range $name, $value := $operator.extraEnv }}
{{- if has $name $own }}
{{- fail (printf "operator.extraEnv.%s: the chart sets this variable from a value of its own; use that" $name) }}
{{- end }}
{{- if kindIs "map" $value }}
{{- if not (and (hasKey $value "valueFrom") (eq (len $value) 1)) }}
{{- fail (printf "operator.extraEnv.%s: a map has valueFrom and nothing else; a text stands there by itself" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
