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
