# What all other files stand on: names, the services that must be on, and the regions that work is done in.

locals {
  project = coalesce(var.project, "cutroom-${var.environment}")
  number  = data.google_project.this.number
  prefix  = "${var.name}-${random_id.suffix.hex}"
  regions = toset(compact([var.region, var.standby_region]))
  active  = coalesce(var.active_region, var.region)
  near    = lookup({ EU = "europe", US = "us", ASIA = "asia" }, var.data_location, lower(var.data_location)) # for what calls multi-regions so

  apis = toset(concat(var.push ? ["fcm"] : [], length(var.evidence) > 0 ? ["videointelligence"] : [], [
    "aiplatform", "artifactregistry", "cloudkms", "cloudscheduler", "cloudtasks", "compute", "eventarc", "firebaserules", "firestore", "iam",
    "iamcredentials", "identitytoolkit", "logging", "monitoring", "pubsub", "run", "secretmanager", "storage",
  ])) # videointelligence needs no role: who may read the upload may have it watched
}

data "google_project" "this" {
  project_id = local.project
}

# A queue that was deleted keeps its name blocked for seven days: with another suffix a new one starts at once.
resource "random_id" "suffix" {
  byte_length = 2
}

resource "google_project_service" "api" {
  for_each = local.apis

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false # others in the project may use it
}

# Google makes its service agents some time after an API is on, and refuses roles for agents that are not there yet.
resource "time_sleep" "agents" {
  create_duration = "120s"
  depends_on      = [google_project_service.api]
}

module "region" {
  source   = "./modules/region"
  for_each = local.regions

  region     = each.key
  project    = local.project
  number     = local.number
  name       = var.name
  prefix     = local.prefix
  public     = var.domain == null
  address    = var.domain == null ? null : "https://${var.domain}"
  protected  = var.protected
  network    = google_compute_network.private.id
  range      = cidrsubnet(var.private_range, 4, index(sort(tolist(local.regions)), each.key))
  lanes      = var.lanes
  pools      = var.pools
  services   = { for name, one in local.services : name => each.key == local.active ? one : merge(one, { min = 0 }) }
  workers    = var.workers
  images     = local.images
  accounts   = { for name, account in google_service_account.component : name => account.email }
  uploads    = google_storage_bucket.bucket["uploads"].name
  media      = google_storage_bucket.bucket["media"].name
  models     = google_storage_bucket.bucket["models"].name
  topic      = google_pubsub_topic.ended.name
  database   = google_firestore_database.main.name
  active     = var.active_flows
  evidence   = var.evidence
  origins    = local.origins
  push       = var.push
  key        = google_kms_crypto_key.tokens.id
  platforms  = var.platforms
  launcher   = google_project_iam_custom_role.launcher.id
  canceller  = google_project_iam_custom_role.canceller.id
  depends_on = [time_sleep.agents]
}
