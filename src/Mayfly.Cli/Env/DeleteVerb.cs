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
        names.CompletionSources.Add(static _ => EnvironmentPlaces.OfHost().All().Select(static path => new System.CommandLine.Completions.CompletionItem(Path.GetFileName(path))));
        var command = new ExampledCommand("delete", "Remove environments for good, with the states before", "mayfly env delete my_experiment") { names };
        command.SetAction(async (result, cancellationToken) =>
        {
            var places = EnvironmentPlaces.OfHost();
            foreach (var path in result.GetValue(names)!.Select(places.PathOf).Distinct())
            {
                await Screen.ShowAsync(progress =>
                {
                    VirtualEnvironment.Delete(path, progress, cancellationToken);
                    return Task.FromResult(0);
                });
                result.InvocationConfiguration.Output.WriteLine($"removed {path}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
