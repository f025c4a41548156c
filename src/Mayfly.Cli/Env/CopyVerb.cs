using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Terminal;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env copy</c></summary>
internal static class CopyVerb
{
    public static Command Create()
    {
        var from = new Argument<string>("NAME") { Description = "The environment" };
        var to = new Argument<string>("NEW") { Description = "The name of the second one, or its path" };
        var links = PlacementOptions.Links();
        var command = new ExampledCommand("copy", "Make a second environment with the same in it", "mayfly env copy shop shop_django5", "mayfly env copy shop mine --link-mode copy") { from, to, links };
        command.SetAction(async (result, cancellationToken) =>
        {
            var mode = PlacementOptions.Read(result, links);
            var made = EnvironmentPlaces.OfHost().PathOf(result.GetValue(to)!);
            var store = Store.Open();
            var source = EnvironmentOption.Open(EnvironmentOption.PathOf(result.GetValue(from)), store);
            await Screen.ShowAsync(progress =>
            {
                using var held = store.LockShared(progress, cancellationToken);
                return Task.FromResult(source.Copy(made, progress, mode, cancellationToken));
            });
            result.InvocationConfiguration.Output.WriteLine($"made {made}");
            return ExitCode.Done;
        });
        return command;
    }
}
