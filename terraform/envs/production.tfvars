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

  # What Cutroom is to each platform (docs/howto/channels.md); one without a version is not offered.
  youtube-client-id       = []
  youtube-client-secret   = []
  instagram-client-id     = []
  instagram-client-secret = []
  facebook-client-id      = []
  facebook-client-secret  = []
  tiktok-client-id        = []
  tiktok-client-secret    = []
  linkedin-client-id      = []
  linkedin-client-secret  = []
  x-client-id             = []
  x-client-secret         = []
  pinterest-client-id     = []
  pinterest-client-secret = []
  snapchat-client-id      = []
  snapchat-client-secret  = []
}
