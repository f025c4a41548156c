using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env which</c></summary>
internal static class WhichVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var name = new Argument<string?>("NAME") { Description = "A program, a module or a package of the environment; without it, the environment's own path", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new ExampledCommand("which", "Print where an environment, or something in it, is", "mayfly env which --env shop", "mayfly env which django-admin") { name, environment, json };
        command.SetAction(result =>
        {
            var opened = VirtualEnvironment.Read(environment.PathIn(result), Store.Open());
            var place = result.GetValue(name) is { } wanted ? Find(opened, wanted) : opened.Root;
            if (!result.TryTell(json, new PlaceData(EnvironmentPlaces.OfHost().NameOf(opened.Root), result.GetValue(name), place), EnvironmentJson.Default.PlaceData))
                result.InvocationConfiguration.Output.WriteLine(place);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Find(VirtualEnvironment environment, string name)
    {
        string[] places = [$"{environment.Root}/bin/{name}", $"{environment.PackagesFolder}/{name.Replace('.', '/')}.py", $"{environment.PackagesFolder}/{name.Replace('.', '/')}"];
        return places.FirstOrDefault(Path.Exists)
            ?? (ProjectName.IsValid(name) && environment.Installed().FirstOrDefault(one => one.Project == ProjectName.Parse(name)) is { } found ? $"{environment.PackagesFolder}/{found.Information}" : null)
            ?? throw new MayflyException($"{environment.Root} has no program, module or package {name}", "mayfly env list NAME shows what is installed");
    }
}
