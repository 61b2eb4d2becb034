# What opens strangers' videos reaches Google's APIs and nothing else: the network has no way out to the internet.
# What asks strangers' addresses (services.tf, outward) is not in it, and so reaches nothing that is.

resource "google_compute_network" "private" {
  name                    = var.name
  auto_create_subnetworks = false
  depends_on              = [google_project_service.api]
}

# Of what Google's addresses offer, HTTPS alone; of everything else, nothing, and each try is logged.
resource "google_compute_firewall" "https" {
  name               = "${var.name}-https"
  network            = google_compute_network.private.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "nothing_else" {
  name               = "${var.name}-nothing-else"
  network            = google_compute_network.private.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
