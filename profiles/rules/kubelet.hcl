# The kubelet's own configuration. Not applicable on an image without a kubelet.

variable "kubelet_streaming_idle_timeout" {
  description = "how long the kubelet keeps an idle exec, attach or port-forward stream, where nothing sets it"
  default     = "4h"
}

rule "kubelet-streaming-idle-timeout" {
  title    = "The kubelet ends idle streams"
  why      = "Zero means never: forgotten exec sessions then hold connections and file descriptors for ever."
  breaks   = "An exec, attach or port-forward that is silent for that long ends, long waits in a debugger too."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, streamingConnectionIdleTimeout."
  severity = "low"

  kubelet_argument "streaming-connection-idle-timeout" {
    not = ["0"]
    set = var.kubelet_streaming_idle_timeout
  }
}
