variable "region" {
  description = "The region all of this is in."
  type        = string
}

variable "project" {
  description = "The project."
  type        = string
}

variable "number" {
  description = "The project's number, of which Cloud Run makes the addresses of services."
  type        = string
}

variable "name" {
  description = "What names of services begin with."
  type        = string
}

variable "prefix" {
  description = "What names of queues and jobs begin with: CUTROOM_PREFIX."
  type        = string
}

variable "public" {
  description = "Whether the API takes requests at its own address, or from the load balancer alone."
  type        = bool
}

variable "address" {
  description = "Where people reach the API, if not at its own URL: CUTROOM_ADDRESS."
  type        = string
}

variable "protected" {
  description = "Whether services and jobs refuse to be destroyed."
  type        = bool
}

variable "network" {
  description = "The private network."
  type        = string
}

variable "range" {
  description = "This region's addresses in it."
  type        = string
}

variable "lanes" {
  description = "Queues of tasks and the services that work on them, by image."
  type = map(object({
    image  = string
    call_s = number
  }))
}

variable "pools" {
  description = "Workers that ask for runs: image, the longest one may live, how many at once, with a GPU or without."
  type = map(object({
    image  = string
    live_s = number
    cap    = number
    gpu    = bool
  }))
}

variable "services" {
  description = "Each service: its target in functions/main.py, its image, its size."
  type = map(object({
    target      = string
    image       = string
    timeout_s   = number
    cpu         = string
    memory      = string
    concurrency = number
    min         = number
    max         = number
    outward     = bool
  }))
}

variable "workers" {
  description = "Size of a worker of each pool."
  type = map(object({
    cpu    = string
    memory = string
  }))
}

variable "images" {
  description = "Images of services and of jobs: functions, media, gpu."
  type        = map(map(string))
}

variable "accounts" {
  description = "E-mail addresses of the components' service accounts."
  type        = map(string)
}

variable "uploads" {
  description = "The bucket people bring files to."
  type        = string
}

variable "media" {
  description = "The bucket of all that is made."
  type        = string
}

variable "models" {
  description = "The bucket of model files."
  type        = string
}

variable "topic" {
  description = "Where ends of runs are announced."
  type        = string
}

variable "database" {
  description = "The Firestore database."
  type        = string
}

variable "origins" {
  description = "Pages that may ask the API from a browser."
  type        = list(string)
}

variable "push" {
  description = "Whether people's devices are told."
  type        = bool
}

variable "key" {
  description = "The key that seals the tokens of channels: CUTROOM_KEY."
  type        = string
}

variable "platforms" {
  description = "Platforms that are asked otherwise than usual: CUTROOM_PLATFORMS."
  type = map(object({
    version = string
    on      = bool
  }))
}

variable "active" {
  description = "Flows of one tenant at work at once."
  type        = number
}

variable "evidence" {
  description = "What Video Intelligence is asked for of every video: CUTROOM_EVIDENCE."
  type        = list(string)
}

variable "launcher" {
  description = "The role that starts workers."
  type        = string
}

variable "canceller" {
  description = "The role that ends workers."
  type        = string
}
