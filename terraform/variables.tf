# What can be chosen. Everything has a default but the tables of stages.tf, and those are written by scripts/stages.

# --- which, and where -------------------------------------------------------------------------------------------------

variable "environment" {
  description = "Which Cutroom this is: staging or production, each in a project of its own."
  type        = string
  default     = "staging"

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "Choose staging or production."
  }
}

variable "project" {
  description = "The project everything is made in; cutroom-ENVIRONMENT where it is left out."
  type        = string
  default     = null

  validation {
    condition     = var.project == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 small letters, digits and hyphens, a letter first."
  }
}

variable "name" {
  description = "What the names of all parts begin with."
  type        = string
  default     = "cutroom"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.name))
    error_message = "3 to 16 small letters, digits and hyphens, a letter first: service accounts have 30 at most."
  }
}

variable "region" {
  description = "Where services, queues and jobs work. The launcher starts jobs here too, so it must offer the GPU."
  type        = string
  default     = "europe-west4"

  validation {
    condition     = contains(var.gpu_regions, var.region)
    error_message = "Choose one of gpu_regions: a job with a GPU would be refused elsewhere."
  }
}

variable "standby_region" {
  description = "A second region that holds the same services, queues and jobs, idle until active_region names it."
  type        = string
  default     = null

  validation {
    condition     = var.standby_region == null || (try(contains(var.gpu_regions, var.standby_region), false) && var.standby_region != var.region)
    error_message = "Choose another of gpu_regions than region."
  }
}

variable "active_region" {
  description = "Which of the two regions messages, events and the schedule go to; region where it is left out."
  type        = string
  default     = null

  validation {
    condition     = var.active_region == null || contains(compact([var.region, var.standby_region]), coalesce(var.active_region, "-"))
    error_message = "Choose region or standby_region."
  }
}

variable "gpu_regions" {
  description = "Regions in which Cloud Run offers the L4."
  type        = list(string)
  default     = ["asia-southeast1", "europe-west1", "europe-west4", "us-east4"]

  validation {
    condition     = length(var.gpu_regions) > 0
    error_message = "Name one at least."
  }
}

variable "data_location" {
  description = "Where buckets and images lie: a multi-region, so that they outlive a region, or a region."
  type        = string
  default     = "EU"

  validation {
    condition     = can(regex("^(EU|US|ASIA|[A-Z]+-[A-Z]+[0-9]+)$", var.data_location))
    error_message = "EU, US, ASIA or a region, in capitals."
  }
}

variable "database_location" {
  description = "Where documents lie: a multi-region of Firestore (eur3, nam5), or a region. It cannot be changed later."
  type        = string
  default     = "eur3"

  validation {
    condition     = can(regex("^(eur3|nam5|nam7|[a-z]+-[a-z]+[0-9]+)$", var.database_location))
    error_message = "eur3, nam5, nam7 or a region."
  }
}

variable "private_range" {
  description = "Addresses of the private network; each region takes a sixteenth."
  type        = string
  default     = "10.64.0.0/16"

  validation {
    condition     = can(cidrhost(var.private_range, 0)) && can(regex("/(1[0-9]|20)$", var.private_range))
    error_message = "A range such as 10.64.0.0/16, of /10 to /20: each instance takes two addresses, and keeps them for a while."
  }
}

variable "protected" {
  description = "Whether the database, services and jobs refuse to be destroyed."
  type        = bool
  default     = true
}

# --- what runs --------------------------------------------------------------------------------------------------------

variable "images" {
  description = "The built images by digest. Left out, Google's samples hold their places until the first is pushed."
  type = object({
    functions = string
    media     = string
    gpu       = string
  })
  default = null

  validation {
    condition     = var.images == null || alltrue([for image in values(coalesce(var.images, {})) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "Name each image by its digest (…@sha256:…): a tag may mean another image tomorrow."
  }
}

variable "services" {
  description = "Size of each service, where it is not the usual one: CPUs, memory, requests at once, instances."
  type = map(object({
    cpu         = optional(string)
    memory      = optional(string)
    concurrency = optional(number)
    min         = optional(number)
    max         = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.services) : contains(["api", "events", "tick", "work-light", "work-media"], name)])
    error_message = "Services are api, events, tick, work-light and work-media."
  }
  validation {
    condition     = alltrue([for size in values(var.services) : coalesce(size.min, 0) <= coalesce(size.max, 1000)])
    error_message = "min must not be over max."
  }
}

variable "workers" {
  description = "Size of a worker of each pool. The video and all scratch lie in its memory."
  type = map(object({
    cpu    = string
    memory = string
  }))
  default = {
    cpu = { cpu = "4", memory = "16Gi" }
    gpu = { cpu = "4", memory = "16Gi" }
  }

  validation {
    condition     = alltrue([for size in values(var.workers) : can(regex("^[1-8]$", size.cpu)) && can(regex("^[0-9]+Gi$", size.memory))])
    error_message = "CPUs from 1 to 8, memory in whole Gi."
  }
}

variable "active_flows" {
  description = "How many flows of one tenant are at work at once; the others wait their turn."
  type        = number
  default     = 4

  validation {
    condition     = var.active_flows >= 1 && floor(var.active_flows) == var.active_flows
    error_message = "A whole number from 1."
  }
}

variable "evidence" {
  description = "What Video Intelligence is asked for of every video, as evidence for the council, for money: docs/council.md has the prices."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.evidence : contains(["labels", "shots", "objects", "texts", "faces", "speech"], one)])
    error_message = "Choose of labels, shots, objects, texts, faces and speech."
  }
}

# --- who may come in --------------------------------------------------------------------------------------------------

variable "domain" {
  description = "Domain of the load balancer with firewall and cache. Left out, the API has Cloud Run's own address."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "A domain such as cutroom.example.com."
  }
}

variable "origins" {
  description = "Web origins whose pages may send files to the uploads bucket."
  type        = list(string)
  default     = ["http://localhost:8000"]

  validation {
    condition     = alltrue([for origin in var.origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "Each is a scheme and a host, such as https://cutroom.example.com: a star would let any page in."
  }
}

variable "identity_platform" {
  description = "Whether to set up sign-in. There is one per project, so leave it out where Firebase has it already."
  type        = bool
  default     = false
}

variable "push" {
  description = "Whether people's devices are told by Firebase Cloud Messaging; the project must be one of Firebase's (docs/push.md)."
  type        = bool
  default     = false
}

variable "platforms" {
  description = "Platforms that are asked otherwise than usual: another version of the API, or one that must be switched on (docs/channels.md)."
  type = map(object({
    version = optional(string)
    on      = optional(bool, false)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.platforms) : contains(["youtube", "instagram", "facebook", "tiktok", "linkedin", "x", "pinterest", "snapchat", "meta-ads"], name)])
    error_message = "Networks are youtube, instagram, facebook, tiktok, linkedin, x, pinterest, snapchat and meta-ads."
  }
}

variable "secrets" {
  description = "Secrets by name, and the components that read each. Their values are added outside Terraform."
  type        = map(set(string))
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[a-z][a-z0-9-]{0,62}$", name))])
    error_message = "Small letters, digits and hyphens, a letter first: the code takes no others."
  }
}

# --- who is told, and what it may cost --------------------------------------------------------------------------------

variable "alert_emails" {
  description = "Who is told when an alert goes off."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "Each is an e-mail address."
  }
}

variable "billing_account" {
  description = "The billing account of the budget; without it there is none."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "Such as 012345-6789AB-CDEF01."
  }
}

variable "budget" {
  description = "What a month may cost, in the billing account's currency; at 50, 90 and 100 % somebody is told."
  type        = number
  default     = 200

  validation {
    condition     = var.budget >= 1
    error_message = "At least 1."
  }
}
