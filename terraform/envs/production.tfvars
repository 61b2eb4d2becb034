# Data in two regions, a second region standing by, an API that is always warm.
environment       = "production"
protected         = true
region            = "europe-west4"
standby_region    = "europe-west1"
data_location     = "EU"
database_location = "eur3"
budget            = 1000

services = {
  api        = { min = 1, max = 20 }
  events     = { min = 1, max = 20 }
  work-media = { max = 50 }
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
