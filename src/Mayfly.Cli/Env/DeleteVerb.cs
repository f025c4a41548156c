using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Terminal;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env delete</c></summary>
internal static class DeleteVerb
{
    public static Command Create()
    {
        var names = new Argument<string[]>("NAME") { Description = "The environments", Arity = ArgumentArity.OneOrMore };
        var command = new ExampledCommand("delete", "Remove environments for good, with the states before", "mayfly env delete my_experiment") { names };
        command.SetAction(async (result, cancellationToken) =>
        {
            var places = EnvironmentPlaces.OfHost();
            string[] paths = [.. result.GetValue(names)!.Select(places.PathOf).Distinct()];
            // One that is not there is a slip, and nothing is deleted before it is looked at.
            foreach (var path in paths)
                VirtualEnvironment.Require(path);
            foreach (var path in paths)
            {
                await Screen.ShowAsync(progress =>
                {
                    VirtualEnvironment.Delete(path, progress, cancellationToken);
                    return Task.FromResult(0);
                });
                result.InvocationConfiguration.Output.WriteLine($"removed {path}");
                if (path == places.Active)
                    Console.Error.WriteLine("note: this shell is still in it, and its python and pip are the host's now; leave it with deactivate");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
