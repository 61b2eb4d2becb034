# What seals the tokens of channels: a key that never leaves Cloud KMS. Who loses it connects every channel again.

resource "google_kms_key_ring" "ring" {
  name       = local.prefix # a ring cannot be removed, and keeps its name for ever: hence the suffix
  location   = local.near
  depends_on = [google_project_service.api]
}

# What an older version sealed opens by it still; what is sealed again is so by the newest.
resource "google_kms_crypto_key" "tokens" {
  name                       = "tokens"
  key_ring                   = google_kms_key_ring.ring.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "${90 * local.day_s}s"
  destroy_scheduled_duration = "${30 * local.day_s}s" # in which what was destroyed can be brought back
}

resource "google_kms_crypto_key_iam_member" "role" {
  for_each = {
    for one in flatten([for grant in local.key_roles : [for who in grant.who : { who = who, role = grant.role }]]) : "${one.who} ${one.role}" => one
  }

  crypto_key_id = google_kms_crypto_key.tokens.id
  role          = each.value.role
  member        = google_service_account.component[each.value.who].member
}
