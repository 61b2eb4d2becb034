# Buckets. `uploads` is the only one with a trigger; everything made goes to `media`, which has none.

locals {
  day_s   = 24 * 3600
  origins = distinct(concat(var.origins, var.domain == null ? [] : ["https://${var.domain}"]))

  # `expire` days after which an object goes, `old` days for which a version that was replaced is kept.
  buckets = {
    uploads   = { why = "what people bring", autoclass = true, expire = null, old = 30 }
    media     = { why = "everything that is made", autoclass = true, expire = null, old = 30 }
    models    = { why = "model files, mounted read-only by workers", autoclass = false, expire = null, old = 90 }
    knowledge = { why = "what is learned across videos", autoclass = true, expire = null, old = 90 }
    logs      = { why = "logs beyond the 30 days that Cloud Logging keeps", autoclass = false, expire = 90, old = 1 }
  }
}

resource "google_storage_bucket" "bucket" {
  for_each = local.buckets

  name     = "${local.project}-${each.key}"
  location = var.data_location

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 30 * local.day_s
  }

  dynamic "autoclass" {
    for_each = each.value.autoclass ? [true] : []

    content {
      enabled                = true
      terminal_storage_class = "ARCHIVE"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7 # a resumable upload, once begun, has a week
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = each.value.old
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.expire == null ? [] : [each.value.expire]

    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  # A browser sends files straight to the bucket, whole or in parts: it reads Location and Range to go on.
  dynamic "cors" {
    for_each = each.key == "uploads" ? [true] : []

    content {
      origin          = local.origins
      method          = ["PUT", "POST", "GET", "HEAD", "OPTIONS"]
      response_header = ["Content-Type", "Content-Range", "Range", "Location", "x-goog-resumable", "x-goog-if-generation-match", "x-goog-content-length-range"]
      max_age_seconds = 3600
    }
  }

  depends_on = [google_project_service.api]
}
