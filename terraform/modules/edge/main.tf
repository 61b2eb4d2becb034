# One address, TLS 1.3, a firewall, a cache; behind it the API of the active region.

resource "google_compute_global_address" "edge" {
  name = "${var.name}-edge"
}

resource "google_compute_managed_ssl_certificate" "edge" {
  name = "${var.name}-edge"

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_ssl_policy" "modern" {
  name            = "${var.name}-edge"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_3"
}

resource "google_compute_region_network_endpoint_group" "api" {
  for_each = var.services

  name                  = "${var.name}-api-${each.key}"
  region                = each.key
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value
  }
}

locals {
  year_s = 365 * 24 * 3600
  week_s = 7 * 24 * 3600

  # Answers of the API are never cached; what carries no token and says nothing against it is, this long at most.
  backends = {
    api        = { cached_s = null, paths = [] }
    static     = { cached_s = local.year_s, paths = ["/static/*"] }
    thumbnails = { cached_s = local.week_s, paths = ["/thumbnails/*"] }
  }
}

resource "google_compute_backend_service" "api" {
  for_each = local.backends

  name                  = "${var.name}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.edge.id
  enable_cdn            = each.value.cached_s != null

  custom_response_headers = ["Strict-Transport-Security: max-age=31536000"]

  # The region that stands by is made but not named here: naming it would send it those who are nearer to it.
  backend {
    group = google_compute_region_network_endpoint_group.api[var.active].id
  }

  dynamic "cdn_policy" {
    for_each = each.value.cached_s == null ? [] : [each.value.cached_s]

    content {
      cache_mode        = "CACHE_ALL_STATIC"
      default_ttl       = cdn_policy.value
      client_ttl        = cdn_policy.value
      max_ttl           = cdn_policy.value
      negative_caching  = false
      serve_while_stale = 0

      cache_key_policy {
        include_host         = true
        include_protocol     = true
        include_query_string = true
      }

      bypass_cache_on_request_headers {
        header_name = "Authorization" # what one tenant may see must never come from the cache for another
      }
    }
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "edge" {
  name            = "${var.name}-edge"
  default_service = google_compute_backend_service.api["api"].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "all"
  }

  path_matcher {
    name            = "all"
    default_service = google_compute_backend_service.api["api"].id

    dynamic "path_rule" {
      for_each = { for name, one in local.backends : name => one.paths if length(one.paths) > 0 }

      content {
        paths   = path_rule.value
        service = google_compute_backend_service.api[path_rule.key].id
      }
    }
  }
}

resource "google_compute_target_https_proxy" "edge" {
  name             = "${var.name}-edge"
  url_map          = google_compute_url_map.edge.id
  ssl_certificates = [google_compute_managed_ssl_certificate.edge.id]
  ssl_policy       = google_compute_ssl_policy.modern.id
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = "${var.name}-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_https_proxy.edge.id
  ip_address            = google_compute_global_address.edge.id
  port_range            = "443"
}

resource "google_compute_url_map" "to_https" {
  name = "${var.name}-to-https"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "to_https" {
  name    = "${var.name}-to-https"
  url_map = google_compute_url_map.to_https.id
}

resource "google_compute_global_forwarding_rule" "http" {
  name                  = "${var.name}-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_http_proxy.to_https.id
  ip_address            = google_compute_global_address.edge.id
  port_range            = "80"
}
