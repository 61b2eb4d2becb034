# Long work: a job per pool. An execution is a worker, which asks the run documents for work until there is no more.

resource "google_cloud_run_v2_job" "pool" {
  for_each = var.pools

  name                = "${var.prefix}-${each.key}"
  location            = var.region
  deletion_protection = var.protected

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account               = var.accounts[each.key]
      timeout                       = "${each.value.live_s}s"
      max_retries                   = 0 # its runs count their attempts; the launcher starts another worker
      execution_environment         = "EXECUTION_ENVIRONMENT_GEN2"
      gpu_zonal_redundancy_disabled = each.value.gpu ? true : null

      dynamic "node_selector" {
        for_each = each.value.gpu ? ["nvidia-l4"] : []

        content {
          accelerator = node_selector.value
        }
      }

      containers {
        image   = var.images.job[each.value.image]
        command = strcontains(var.images.job[each.value.image], "@") ? ["python", "-m", "jobs"] : null
        args    = strcontains(var.images.job[each.value.image], "@") ? ["pull", each.key] : null # started by hand; the launcher gives its own

        resources {
          limits = merge(
            { cpu = var.workers[each.key].cpu, memory = var.workers[each.key].memory },
            each.value.gpu ? { "nvidia.com/gpu" = "1" } : {},
          )
        }

        dynamic "env" {
          for_each = merge(local.settings, {
            CUTROOM_AUDIENCE = local.urls["events"] # nobody calls a worker; the setting must not be empty
            CUTROOM_IMAGE    = each.value.image
            CUTROOM_MODELS   = local.models
          })

          content {
            name  = env.key
            value = env.value
          }
        }

        volume_mounts {
          name       = "models"
          mount_path = local.models
        }
      }

      volumes {
        name = "models"

        gcs {
          bucket    = var.models
          read_only = true
        }
      }

      vpc_access {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = var.network
          subnetwork = google_compute_subnetwork.private.id
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version]
  }
}
