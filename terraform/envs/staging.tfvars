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
}
