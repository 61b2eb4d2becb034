# What each service is: the target of functions/main.py, its image, its size. modules/region makes them.

locals {
  # Google's samples answer anything with 200, so the first apply comes up whole before an image was ever pushed.
  sample = {
    functions = "us-docker.pkg.dev/cloudrun/container/hello"
    media     = "us-docker.pkg.dev/cloudrun/container/hello"
    gpu       = "us-docker.pkg.dev/cloudrun/container/job"
  }
  images = {
    service = var.images == null ? local.sample : var.images
    job     = var.images == null ? { for name in keys(local.sample) : name => local.sample.gpu } : var.images
  }

  targets = merge(
    {
      # What people look for is compared by what it means: the model of sentences is on the image media, inside its packages.
      api    = { target = "api", image = "media", timeout_s = 60, cpu = "1", memory = "2Gi", concurrency = 80, min = 0, max = 20, outward = false }
      events = { target = "on_event", image = "functions", timeout_s = 540, cpu = "1", memory = "1Gi", concurrency = 20, min = 0, max = 20, outward = false }
      tick   = { target = "tick", image = "functions", timeout_s = 300, cpu = "1", memory = "1Gi", concurrency = 1, min = 0, max = 1, outward = false }
    },
    { for lane, one in var.lanes : "work-${lane}" => {
      target      = "work"
      image       = one.image == "light" ? "functions" : one.image
      timeout_s   = one.call_s
      cpu         = one.image == "light" ? "1" : "2" # a stage of media keeps one core busy, ffmpeg beside it another
      memory      = one.image == "light" ? "1Gi" : "8Gi"
      concurrency = one.image == "light" ? 8 : 1 # a video and its scratch have the memory of an instance for themselves
      min         = 0
      max         = 20
      outward     = one.image == "light" # it opens no video, and alone asks addresses that people gave; of the network it sees nothing
    } },
  )

  services = { for name, usual in local.targets : name => merge(usual, { for key, value in try(var.services[name], {}) : key => value if value != null }) }
}
