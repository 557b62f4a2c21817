{{- /* What no schema can say: refused with a sentence that says what to do. setup says the same ones */ -}}
{{- define "shipper-license-server.check" -}}
{{- end }}
