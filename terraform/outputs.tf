output "api" {
  description = "Where people and programs ask."
  value       = var.domain == null ? module.region[local.active].urls["api"] : "https://${var.domain}"
}

output "address" {
  description = "The address that the domain's A record must name; null without a domain."
  value       = one(module.edge[*].address)
}

output "registry" {
  description = "Where images are pushed: REGISTRY/functions, REGISTRY/jobs-cpu, REGISTRY/jobs-gpu."
  value       = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${local.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "buckets" {
  description = "Names of the buckets, by what they hold."
  value       = { for name, bucket in google_storage_bucket.bucket : name => bucket.name }
}

output "settings" {
  description = "What scripts/doctor and the other scripts need in their environment to look at this Cutroom."
  value       = merge(module.region[local.active].settings, { CUTROOM_AUDIENCE = module.region[local.active].urls["api"] })
}

output "services" {
  description = "URLs of all services of the active region, by name."
  value       = module.region[local.active].urls
}

output "grants" {
  description = "Who may do what on the project and its buckets, and why."
  value       = [for key in sort(keys(local.grants)) : local.grants[key]]
}

output "secrets_to_fill" {
  description = "Secrets that need a version, added outside Terraform."
  value       = [for secret in google_secret_manager_secret.secret : secret.secret_id]
}
