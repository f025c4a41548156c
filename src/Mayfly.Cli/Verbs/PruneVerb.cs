using System.CommandLine;
using Mayfly.Images;
using Mayfly.Linux;
using Mayfly.Machines;
using Mayfly.Packages;
using Mayfly.Terminal;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly prune</c>: removes from the store what nothing uses any more.</summary>
internal static class PruneVerb
{
    public static Command Create()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would be removed" };
        var command = new Command("prune", "Remove layers and downloads that nothing uses any more") { dry };
        command.SetAction(async (result, cancellationToken) =>
        {
            var store = Store.Open();
            using var held = await Screen.ShowAsync(progress => Task.FromResult(store.LockExclusive(progress, cancellationToken)));
            var layers = Pruning.Layers(store);
            var artifacts = Pruning.Artifacts(store);
            var failed = Pruning.FailedBuilds(store);
            var shared = Pruning.SharedFiles(store);
            var prepared = Pruning.PreparedCopies(store);
            if (!result.GetValue(dry))
            {
                foreach (var build in failed)
                    store.Remove(StoreArea.Failed, build);
                new ImageStore(store).RemoveLayers(layers);
                foreach (var own in Pruning.OwnLayers(store))
                    Trees.Remove(own);
                foreach (var artifact in artifacts)
                    File.Delete(store.PathOf(StoreArea.Artifacts, artifact));
                foreach (var file in shared)
                    File.Delete(store.PathOf(StoreArea.Files, file));
                foreach (var copy in prepared)
                    store.Remove(StoreArea.Prepared, copy);
            }

            var verb = result.GetValue(dry) ? "would remove" : "removed";
            result.InvocationConfiguration.Output.WriteLine($"{verb} {layers.Count} layers and {artifacts.Count} downloads from {store.Root}");
            if (failed is not [])
                result.InvocationConfiguration.Output.WriteLine($"{verb} {failed.Count} kept {(failed.Count == 1 ? "build that" : "builds that")} failed");
            if (shared is not [])
                result.InvocationConfiguration.Output.WriteLine($"{verb} {shared.Count} {(shared.Count == 1 ? "file that no environment shares" : "files that no environment shares")}");
            if (prepared is not [])
                result.InvocationConfiguration.Output.WriteLine($"{verb} {prepared.Count} {(prepared.Count == 1 ? "wheel's files that were" : "wheels' files that were")} prepared for the next environment");
            return ExitCode.Done;
        });
        return command;
    }
}
