# The tables that scripts/stages writes from the code into *.auto.tfvars.json. Never edit those by hand.

variable "stages" {
  description = "Every stage, and where its runs may work: the lane of its tasks, the pool of its workers."
  type = map(object({
    title     = string
    image     = string
    places    = list(string)
    timeout_s = number
    lane      = optional(string)
    pool      = optional(string)
  }))

  validation {
    condition     = alltrue([for stage in values(var.stages) : (stage.lane == null || contains(keys(var.lanes), coalesce(stage.lane, "-"))) && (stage.pool == null || contains(keys(var.pools), coalesce(stage.pool, "-")))])
    error_message = "A stage names a lane or a pool that is not there; run scripts/stages."
  }
  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.lane != null || stage.pool != null])
    error_message = "A stage has no place to work; run scripts/stages."
  }
}

variable "lanes" {
  description = "A queue of tasks and the service that works on them, by image."
  type = map(object({
    image  = string
    call_s = number
  }))

  validation {
    condition     = alltrue([for lane in values(var.lanes) : lane.call_s <= 1800])
    error_message = "Cloud Tasks waits 30 minutes at most for an answer."
  }
}

variable "pools" {
  description = "Workers that ask for runs: their image, the longest one may live, and how many at once."
  type = map(object({
    image  = string
    live_s = number
    cap    = number
    gpu    = bool
  }))

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.live_s <= (pool.gpu ? 3600 : 604800)])
    error_message = "A task of a job with a GPU may last an hour, any other 168."
  }
}

variable "indexes" {
  description = "Composite and vector indexes, by name, as the code's queries need them."
  type = map(object({
    collection = string
    group      = bool
    fields     = list(object({ path = string, order = optional(string, "ASCENDING"), dimension = optional(number) }))
  }))
}

variable "fields" {
  description = "Single fields that are indexed otherwise than Firestore does by itself, or after which documents expire."
  type = map(object({
    collection = string
    field      = string
    group      = bool
    expires    = bool
  }))
}
