variable "name" {
  description = "What names begin with."
  type        = string
}

variable "domain" {
  description = "The domain people come to."
  type        = string
}

variable "services" {
  description = "Name of the API's service, by region."
  type        = map(string)
}

variable "active" {
  description = "The region requests go to."
  type        = string
}
