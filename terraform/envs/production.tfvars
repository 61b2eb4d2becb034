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
}
