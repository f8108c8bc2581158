"""What the tests of training share: small settings, and a run of the codec's training that stops and goes on."""

from sedicfmt.training import train_codec


def settings(**changes):
    return train_codec.CodecSettings(**{"steps": 8, "batch": 2, "warmup": 2, "klt_crops": 2, **changes})


def trained(photos, out, *stops):
    out.mkdir(exist_ok=True)
    losses = []
    for stop in stops:
        trainer = train_codec.CodecRun(photos, out, settings(), "cpu")
        while trainer.step < stop:
            losses.append(trainer.train_step()["loss"])
        trainer.save()
    return losses, trainer
