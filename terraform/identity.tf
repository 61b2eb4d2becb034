# One service account per component, and the roles each needs, with the reason. `who` names components.
# What is granted on queues, jobs and services of a region stands in modules/region/identity.tf.

locals {
  on_lanes = [for lane in keys(var.lanes) : "work-${lane}"]
  on_pools = keys(var.pools)
  planners = ["events", "tick"]
  workers  = concat(local.on_lanes, local.on_pools)
  heavy    = concat([for lane, one in var.lanes : "work-${lane}" if one.image != "light"], local.on_pools)

  light = [for lane, one in var.lanes : "work-${lane}" if one.image == "light"]

  components = merge(
    {
      api     = "Answers people; signs the places that uploads go to."
      events  = "Takes what has happened, and plans what comes next."
      tick    = "Once a minute: what the fast path lost."
      invoker = "Whose token tasks, pushes, events and the schedule carry. Nothing runs as it."
    },
    { for lane in keys(var.lanes) : "work-${lane}" => "Works on tasks of the lane ${lane}." },
    { for pool in local.on_pools : pool => "Works for the pool ${pool}." },
  )

  project_roles = [
    { role = "roles/datastore.user", who = concat(local.planners, local.workers, ["api"]), why = "claims, settles and plans runs; the API keeps what people decide" },
    { role = "roles/firebaseauth.viewer", who = concat(["api"], var.push ? local.light : []), why = "asks whether a person's tokens were revoked, before they are answered or pushed to" },
    { role = "roles/aiplatform.user", who = setsubtract(local.heavy, ["gpu"]), why = "the council asks Gemini and Claude as the project" },
    { role = "roles/eventarc.eventReceiver", who = ["invoker"], why = "the trigger of the uploads bucket receives events as it" },
  ]

  bucket_roles = [
    { bucket = "uploads", role = "roles/storage.objectUser", who = local.light, why = "puts what it fetched where people bring theirs, and erases" },
    { bucket = "media", role = "roles/storage.objectUser", who = local.light, why = "erases what people want erased, in every version" },
    { bucket = "uploads", role = "roles/storage.objectCreator", who = ["api"], why = "a signed URL lets in what its signer may do: make an object, never change one" },
    { bucket = "uploads", role = "roles/storage.objectViewer", who = local.heavy, why = "stages read the video" },
    { bucket = "media", role = "roles/storage.objectViewer", who = concat(local.planners, local.heavy, ["api"]), why = "plans and stages read what earlier stages made; a signed link gives what its signer may read" },
    { bucket = "media", role = "roles/storage.objectCreator", who = local.heavy, why = "stages keep results; none is ever changed or removed by them" },
    { bucket = "media", role = "roles/storage.objectCreator", who = ["api"], why = "keeps a table of posts until each row was looked at" },
    { bucket = "models", role = "roles/storage.objectViewer", who = local.heavy, why = "mounts the models, read-only" },
  ]

  key_roles = [
    { role = "roles/cloudkms.cryptoKeyEncrypter", who = concat(["api"], local.light), why = "keeps what begins a connection, and what comes of it; the API can open none of it" },
    { role = "roles/cloudkms.cryptoKeyDecrypter", who = local.light, why = "posts and reads as the channels whose tokens were sealed" },
  ]

  grants = merge(
    { for one in flatten([for grant in local.project_roles : [for who in grant.who : { who = who, on = "project", role = grant.role, why = grant.why }]]) : "${one.who} ${one.on} ${one.role}" => one },
    { for one in flatten([for grant in local.bucket_roles : [for who in grant.who : { who = who, on = grant.bucket, role = grant.role, why = grant.why }]]) : "${one.who} ${one.on} ${one.role}" => one },
  )
}

resource "google_service_account" "component" {
  for_each = local.components

  account_id   = "${var.name}-${each.key}"
  display_name = "Cutroom ${each.key}"
  description  = each.value
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_member" "role" {
  for_each = { for key, grant in local.grants : key => grant if grant.on == "project" }

  project = local.project
  role    = each.value.role
  member  = google_service_account.component[each.value.who].member
}

resource "google_storage_bucket_iam_member" "role" {
  for_each = { for key, grant in local.grants : key => grant if grant.on != "project" }

  bucket = google_storage_bucket.bucket[each.value.on].name
  role   = each.value.role
  member = google_service_account.component[each.value.who].member
}

# Who settles a run announces its end; so does who plans one that is skipped.
resource "google_pubsub_topic_iam_member" "announcer" {
  for_each = toset(concat(local.planners, local.workers))

  topic  = google_pubsub_topic.ended.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.component[each.key].member
}

# A task carries the invoker's token, and only who may act as the invoker may make such a task.
resource "google_service_account_iam_member" "as_invoker" {
  for_each = toset(concat(local.planners, local.on_lanes, ["api"]))

  service_account_id = google_service_account.component["invoker"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.component[each.key].member
}

# Signed URLs without a key file: the API signs as itself, by IAM.
resource "google_service_account_iam_member" "signer" {
  service_account_id = google_service_account.component["api"].name
  role               = google_project_iam_custom_role.signer.id
  member             = google_service_account.component["api"].member
}

# Who has all that is their own erased loses the account they signed in with; chores do it, of the light lanes.
resource "google_project_iam_member" "remover" {
  for_each = toset(local.light)

  project = local.project
  role    = google_project_iam_custom_role.remover.id
  member  = google_service_account.component[each.key].member
}

# Roles of our own, since Google's hold more than is used. One that was removed blocks its name for weeks: hence the suffix.

locals {
  role_prefix = replace(local.prefix, "-", "_")
}

resource "google_project_iam_custom_role" "signer" {
  role_id     = "${local.role_prefix}_signer"
  title       = "Cutroom signer"
  description = "Signs as a service account, and nothing else."
  permissions = ["iam.serviceAccounts.signBlob"]
  depends_on  = [google_project_service.api]
}

resource "google_project_iam_custom_role" "remover" {
  role_id     = "${local.role_prefix}_remover"
  title       = "Cutroom remover"
  description = "Looks whether a person's account is there, and removes it; can make and change none."
  permissions = ["firebaseauth.users.get", "firebaseauth.users.delete"]
  depends_on  = [google_project_service.api]
}

# Firebase's own role for it may also read who has which app, and delete it.
resource "google_project_iam_custom_role" "pusher" {
  count = var.push ? 1 : 0

  role_id     = "${local.role_prefix}_pusher"
  title       = "Cutroom pusher"
  description = "Sends messages to devices, and nothing else."
  permissions = ["cloudmessaging.messages.create"]
  depends_on  = [google_project_service.api]
}

resource "google_project_iam_member" "pusher" {
  for_each = toset(var.push ? local.light : [])

  project = local.project
  role    = google_project_iam_custom_role.pusher[0].id
  member  = google_service_account.component[each.key].member
}

resource "google_project_iam_custom_role" "launcher" {
  role_id     = "${local.role_prefix}_launcher"
  title       = "Cutroom launcher"
  description = "Starts workers of a pool, each told the launch it was started for."
  permissions = ["run.jobs.run", "run.jobs.runWithOverrides"]
  depends_on  = [google_project_service.api]
}

resource "google_project_iam_custom_role" "canceller" {
  role_id     = "${local.role_prefix}_canceller"
  title       = "Cutroom canceller"
  description = "Ends a worker that is taken for lost, lest it goes on beside its heir."
  permissions = ["run.executions.cancel"]
  depends_on  = [google_project_service.api]
}

# Who reads a secret, or changes who may do what, stands in the audit log.
resource "google_project_iam_audit_config" "trail" {
  for_each = toset(["secretmanager.googleapis.com", "iam.googleapis.com"])

  project = local.project
  service = each.key

  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]

    content {
      log_type = audit_log_config.value
    }
  }
}
