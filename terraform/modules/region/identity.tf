# Who may call, enqueue and launch here, with the reason. The accounts, and what they may do elsewhere: ../../identity.tf.

locals {
  planners = ["events", "tick"]

  # Planning wakes what it plans; a task that fails for now sends itself again, in its own lane. The API starts flows:
  # it wakes their first stage, which is of the lane media; what tells webhooks, and most chores, are of the lane light.
  # An import is one of those, and has what was learned looked at, which is of the lane media.
  enqueuers = merge(
    { for pair in setproduct(keys(var.lanes), local.planners) : "${pair[1]} ${pair[0]}" => { lane = pair[0], who = pair[1] } },
    { for lane in keys(var.lanes) : "work-${lane} ${lane}" => { lane = lane, who = "work-${lane}" } },
    { for lane in ["light", "media"] : "api ${lane}" => { lane = lane, who = "api" } },
    { "work-light media" = { lane = "media", who = "work-light" } },
  )

  # Planning starts workers for what it plans; a worker that leaves starts its successor in its own pool.
  launchers = merge(
    { for pair in setproduct(keys(var.pools), local.planners) : "${pair[1]} ${pair[0]}" => { pool = pair[0], who = pair[1] } },
    { for pool in keys(var.pools) : "${pool} ${pool}" => { pool = pool, who = pool } },
  )
}

# Tasks, pushes, events and the schedule all come with the invoker's token.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = toset([for name in keys(var.services) : name if name != "api"])

  name     = google_cloud_run_v2_service.service[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.accounts["invoker"]}"
}

# People prove who they are to the API itself, by Firebase: Cloud Run knows none of them.
resource "google_cloud_run_v2_service_iam_member" "people" {
  name     = google_cloud_run_v2_service.service["api"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = local.enqueuers

  name     = google_cloud_tasks_queue.lane[each.value.lane].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = "serviceAccount:${var.accounts[each.value.who]}"
}

resource "google_cloud_run_v2_job_iam_member" "launcher" {
  for_each = local.launchers

  name     = google_cloud_run_v2_job.pool[each.value.pool].name
  location = var.region
  role     = var.launcher
  member   = "serviceAccount:${var.accounts[each.value.who]}"
}

# tick gives up workers that went silent, and ends them.
resource "google_cloud_run_v2_job_iam_member" "canceller" {
  for_each = var.pools

  name     = google_cloud_run_v2_job.pool[each.key].name
  location = var.region
  role     = var.canceller
  member   = "serviceAccount:${var.accounts["tick"]}"
}
