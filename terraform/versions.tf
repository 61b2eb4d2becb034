terraform {
  required_version = ">= 1.9, < 2.0"

  # The bucket is named at init: terraform init -backend-config=bucket=BUCKET -backend-config=prefix=ENVIRONMENT
  backend "gcs" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8.0"
    }
    random = {
      source  = "hashicorp/random"
      version = ">= 3.6, < 4.0"
    }
    time = {
      source  = "hashicorp/time"
      version = ">= 0.12, < 1.0"
    }
  }
}

provider "google" {
  project = local.project
  region  = var.region

  # Budgets and Identity Platform count their calls against a project: ours, not that of whoever applies.
  user_project_override = true
  billing_project       = local.project

  default_labels = {
    app         = var.name
    environment = var.environment
  }
}
