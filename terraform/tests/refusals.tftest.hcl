# What variables refuse: each by the sentence that stands beside it, before anything is asked of Google.

mock_provider "google" {}
mock_provider "random" {}
mock_provider "time" {}

run "an_unknown_environment" {
  command = plan
  variables {
    environment = "test"
  }
  expect_failures = [var.environment]
}

run "evidence_that_nobody_sells" {
  command = plan
  variables {
    evidence = ["labels", "smells"]
  }
  expect_failures = [var.evidence]
}

run "a_region_without_a_gpu" {
  command = plan
  variables {
    region = "europe-north1"
  }
  expect_failures = [var.region]
}

run "a_standby_that_is_the_region" {
  command = plan
  variables {
    standby_region = "europe-west4"
  }
  expect_failures = [var.standby_region]
}

run "an_active_region_that_is_neither" {
  command = plan
  variables {
    active_region = "us-east4"
  }
  expect_failures = [var.active_region]
}

run "an_image_by_tag" {
  command = plan
  variables {
    images = { functions = "a/functions:latest", media = "a/media:latest", gpu = "a/gpu:latest" }
  }
  expect_failures = [var.images]
}

run "any_page_may_upload" {
  command = plan
  variables {
    origins = ["*"]
  }
  expect_failures = [var.origins]
}

run "a_service_nobody_knows" {
  command = plan
  variables {
    services = { worker = { max = 3 } }
  }
  expect_failures = [var.services]
}

run "more_at_rest_than_at_most" {
  command = plan
  variables {
    services = { api = { min = 3, max = 2 } }
  }
  expect_failures = [var.services]
}

run "a_lane_longer_than_cloud_tasks_waits" {
  command = plan
  variables {
    lanes = {
      light = { image = "light", call_s = 1800 }
      media = { image = "media", call_s = 3600 }
    }
  }
  expect_failures = [var.lanes]
}

run "a_gpu_worker_of_two_hours" {
  command = plan
  variables {
    pools = {
      cpu = { image = "media", live_s = 86400, cap = 8, gpu = false }
      gpu = { image = "gpu", live_s = 7200, cap = 3, gpu = true }
    }
  }
  expect_failures = [var.pools]
}

run "a_stage_without_its_pool" {
  command = plan
  variables {
    stages = {
      detect = { title = "Watching", image = "media", places = ["pool"], timeout_s = 60, pool = "none" }
    }
  }
  expect_failures = [var.stages]
}
