# Who is let through. The first rule that matches decides, so attacks are refused before anybody is counted.
#
# A rate rule that lets a request through ends the evaluation, so one request counts against one limit: that of its
# user where it carries a token, else that of its address. A token that is none is refused by the API at once.

locals {
  owasp = ["sqli", "xss", "lfi", "rfi", "rce", "methodenforcement", "scannerdetection", "protocolattack", "sessionfixation"]
  # PUT and DELETE are ours: methodenforcement takes them for attacks above its first level.
  sensitivity = { methodenforcement = 1 }

  bots = "request.headers['user-agent'].lower().matches('(sqlmap|nikto|nmap|masscan|zgrab|nuclei|dirbuster|gobuster|wpscan|acunetix)')"

  user   = "has(request.headers['authorization'])"
  upload = "request.path == '/v1/uploads' && request.method == 'POST'"
  # A stream of events is one long request, and media is fetched in parts: neither is counted as calls.
  counted = "request.path.startsWith('/v1/') && !request.path.endsWith('/events') && !request.path.endsWith('/media')"

  # Over `most` a minute is refused; where `hour` is given, whoever goes over that as well is shut out for ten minutes.
  limits = [
    { name = "uploads of a user: 10 a minute", when = "${local.upload} && ${local.user}", key = "HTTP_HEADER", most = 10, hour = null },
    { name = "calls of a user: 30 a minute, 1000 an hour", when = "${local.counted} && ${local.user}", key = "HTTP_HEADER", most = 30, hour = 1000 },
    { name = "calls of an address: 60 a minute", when = "request.path.startsWith('/') && !${local.user}", key = "IP", most = 60, hour = null },
  ]
}

resource "google_compute_security_policy" "edge" {
  name        = "${var.name}-edge"
  description = "OWASP's rules, known scanners, and the limits of calls."

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  advanced_options_config {
    json_parsing = "STANDARD"
  }

  dynamic "rule" {
    for_each = local.owasp

    content {
      priority    = 1000 + rule.key
      action      = "deny(403)"
      description = "OWASP: ${rule.value}"

      match {
        expr {
          expression = "evaluatePreconfiguredWaf('${rule.value}-v33-stable', {'sensitivity': ${lookup(local.sensitivity, rule.value, 1)}})"
        }
      }
    }
  }

  rule {
    priority    = 1800
    action      = "deny(403)"
    description = "Log4j and its like: nothing here runs Java, whoever tries is up to no good"

    match {
      expr {
        expression = "evaluatePreconfiguredWaf('cve-canary', {'sensitivity': 1})"
      }
    }
  }

  rule {
    priority    = 1900
    action      = "deny(403)"
    description = "Programs that look for holes, by the name they give"

    match {
      expr {
        expression = local.bots
      }
    }
  }

  dynamic "rule" {
    for_each = local.limits

    content {
      priority    = 2000 + rule.key
      action      = rule.value.hour == null ? "throttle" : "rate_based_ban"
      description = rule.value.name

      match {
        expr {
          expression = rule.value.when
        }
      }

      rate_limit_options {
        conform_action      = "allow"
        exceed_action       = "deny(429)"
        enforce_on_key      = rule.value.key
        enforce_on_key_name = rule.value.key == "HTTP_HEADER" ? "authorization" : null
        ban_duration_sec    = rule.value.hour == null ? null : 600

        rate_limit_threshold {
          count        = rule.value.most
          interval_sec = 60
        }

        dynamic "ban_threshold" {
          for_each = rule.value.hour == null ? [] : [rule.value.hour]

          content {
            count        = ban_threshold.value
            interval_sec = 3600
          }
        }
      }
    }
  }

  rule {
    priority    = 2147483647
    action      = "allow"
    description = "Everything else: streams of events and media"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
