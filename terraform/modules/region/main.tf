# What one region holds. Two regions have one shape; idle, it costs nothing.

locals {
  # Cloud Run gives every service this address too; known beforehand, it can stand in the settings of all of them.
  urls = { for name in keys(var.services) : name => "https://${var.name}-${name}-${var.number}.${var.region}.run.app" }

  # What common/config.py reads, but for what each component has of its own.
  settings = merge(
    {
      CUTROOM_PROJECT  = var.project
      CUTROOM_LOCATION = var.region
      CUTROOM_UPLOADS  = var.uploads
      CUTROOM_MEDIA    = var.media
      CUTROOM_TOPIC    = var.topic
      CUTROOM_PREFIX   = var.prefix
      CUTROOM_DATABASE = var.database
      CUTROOM_INVOKER  = var.accounts["invoker"]
      CUTROOM_SIGNER   = var.accounts["api"]
      CUTROOM_ACTIVE   = tostring(var.active)
      CUTROOM_EVIDENCE = join(" ", var.evidence)
      CUTROOM_KEY      = var.key
    },
    { for lane in keys(var.lanes) : "CUTROOM_SERVICE_${upper(lane)}" => local.urls["work-${lane}"] },
    var.push ? { CUTROOM_PUSH = "1" } : {},
    length(var.platforms) > 0 ? { CUTROOM_PLATFORMS = jsonencode(var.platforms) } : {},
  )

  models = "/models" # where the bucket of models is mounted
}

resource "google_compute_subnetwork" "private" {
  name                     = "${var.name}-${var.region}"
  network                  = var.network
  region                   = var.region
  ip_cidr_range            = var.range
  private_ip_google_access = true # the only way out: Google's APIs

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}
