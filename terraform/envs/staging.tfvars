# As small as it can be, and easily thrown away: one region, nothing protected.
environment       = "staging"
protected         = false
data_location     = "EUROPE-WEST4"
database_location = "europe-west4"
budget            = 100

services = {
  api        = { max = 2 }
  events     = { max = 4 }
  work-light = { max = 2 }
  work-media = { max = 4 }
}

# Keys of the council's language models and of Drive, and who reads each. Gemini and Claude are asked as this project, without one.
secrets = {
  anthropic-api-key = []
  gemini-api-key    = []
  openai-api-key    = []
  drive-api-key     = ["api", "work-light"]

  # What Cutroom is to each platform (docs/channels.md); one without a version is not offered.
  youtube-client-id       = ["api", "work-light"]
  youtube-client-secret   = ["work-light"]
  instagram-client-id     = ["api", "work-light"]
  instagram-client-secret = ["work-light"]
  facebook-client-id      = ["api", "work-light"]
  facebook-client-secret  = ["work-light"]
  tiktok-client-id        = ["api", "work-light"]
  tiktok-client-secret    = ["work-light"]
  linkedin-client-id      = ["api", "work-light"]
  linkedin-client-secret  = ["work-light"]
  x-client-id             = ["api", "work-light"]
  x-client-secret         = ["work-light"]
  pinterest-client-id     = ["api", "work-light"]
  pinterest-client-secret = ["work-light"]
  snapchat-client-id      = ["api", "work-light"]
  snapchat-client-secret  = ["work-light"]
  meta-ads-client-id      = ["api", "work-light"]
  meta-ads-client-secret  = ["work-light"]
}
