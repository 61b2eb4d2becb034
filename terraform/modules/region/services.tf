# Short work: the targets of functions/main.py, each a service of its own under an account of its own.

locals {
  # Who works on videos; the API's one model is in its image.
  with_models = [for name, one in var.services : name if one.target == "work" && one.image != "functions"]
}

resource "google_cloud_run_v2_service" "service" {
  for_each = var.services

  name                = "${var.name}-${each.key}"
  location            = var.region
  deletion_protection = var.protected

  # Tasks, pushes, events and the schedule of this project count as internal; people come to the API alone.
  ingress = each.key != "api" ? "INGRESS_TRAFFIC_INTERNAL_ONLY" : var.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"

  template {
    service_account                  = var.accounts[each.key]
    timeout                          = "${each.value.timeout_s}s"
    max_instance_request_concurrency = each.value.concurrency
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = each.value.min
      max_instance_count = each.value.max
    }

    containers {
      image   = var.images.service[each.value.image]
      command = strcontains(var.images.service[each.value.image], "@") ? ["functions-framework"] : null

      resources {
        limits            = { cpu = each.value.cpu, memory = each.value.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(local.settings, {
          FUNCTION_TARGET  = each.value.target
          CUTROOM_AUDIENCE = local.urls[each.key]
          CUTROOM_IMAGE    = each.value.image == "functions" ? "light" : each.value.image
          THREADS          = tostring(each.value.concurrency)
        }, contains(local.with_models, each.key) ? { CUTROOM_MODELS = local.models } : {}, each.key == "api" ? { CUTROOM_ORIGINS = join(" ", var.origins), CUTROOM_PROXIES = var.public ? "1" : "2", CUTROOM_ADDRESS = coalesce(var.address, local.urls["api"]) } : {})

        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        period_seconds    = 2
        failure_threshold = 60

        tcp_socket {
          port = 8080
        }
      }

      dynamic "volume_mounts" {
        for_each = contains(local.with_models, each.key) ? [local.models] : []

        content {
          name       = "models"
          mount_path = volume_mounts.value
        }
      }
    }

    dynamic "volumes" {
      for_each = contains(local.with_models, each.key) ? [var.models] : []

      content {
        name = "models"

        gcs {
          bucket    = volumes.value
          read_only = true
        }
      }
    }

    dynamic "vpc_access" {
      for_each = each.value.outward ? [] : [true]

      content {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = var.network
          subnetwork = google_compute_subnetwork.private.id
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version, traffic] # traffic is the rollout's: apply makes a revision, no more
  }
}
