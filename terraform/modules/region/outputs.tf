output "urls" {
  description = "Addresses of the services, by name; also what tokens for them are made for."
  value       = local.urls
}

output "services" {
  description = "Names of the services on Cloud Run, by ours."
  value       = { for name, service in google_cloud_run_v2_service.service : name => service.name }
}

output "settings" {
  description = "The settings that all components here share."
  value       = local.settings
}
