# Load balancer, firewall and cache, where there is a domain to put them at.

module "edge" {
  source = "./modules/edge"
  count  = var.domain == null ? 0 : 1

  name     = var.name
  domain   = var.domain
  services = { for region in local.regions : region => module.region[region].services["api"] }
  active   = local.active
}
