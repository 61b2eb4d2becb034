output "address" {
  description = "What the domain's A record must name."
  value       = google_compute_global_address.edge.address
}
