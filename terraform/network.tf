# What opens strangers' videos reaches Google's APIs and nothing else: the network has no way out to the internet.

resource "google_compute_network" "private" {
  name                    = var.name
  auto_create_subnetworks = false
  depends_on              = [google_project_service.api]
}
