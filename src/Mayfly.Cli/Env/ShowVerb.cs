using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env show</c></summary>
internal static class ShowVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var package = new Argument<string?>("PACKAGE") { Description = "What is installed; without it, the environment itself", Arity = ArgumentArity.ZeroOrOne };
        var files = new Option<bool>("--files") { Description = "Also its files" };
        var json = CommonOptions.Json();
        var command = new ExampledCommand("show", "Show an environment, or one of its packages", "mayfly env show --env shop", "mayfly env show django --files") { package, environment, files, json };
        command.SetAction(result =>
        {
            var opened = environment.Read(result, Store.Open());
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(package) is { } name)
            {
                var shown = Package(opened, ProjectName.Parse(name), result.GetValue(files));
                if (!result.TryTell(json, shown, EnvironmentJson.Default.DistributionData))
                    Write(shown, output);
            }
            else
            {
                var shown = Environment(opened);
                if (!result.TryTell(json, shown, EnvironmentJson.Default.EnvironmentData))
                    Write(shown, output);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static EnvironmentData Environment(VirtualEnvironment environment)
    {
        var (installed, interpreter) = (environment.Installed(), environment.Loss is null ? environment.Interpreter : null);
        return new EnvironmentData(EnvironmentPlaces.OfHost().NameOf(environment.Root), environment.Root, interpreter?.Target.Markers.PythonFullVersion, interpreter?.Executable, environment.Loss?.What, installed.Count, installed.Count(static one => one.IsRequested), environment.CanRollBack);
    }

    private static void Write(EnvironmentData shown, TextWriter output)
    {
        output.WriteLine($"environment  {shown.Name}");
        output.WriteLine($"path         {shown.Path}");
        output.WriteLine($"python       {shown.Fault ?? $"{shown.Python} ({shown.Interpreter})"}");
        output.WriteLine($"packages     {shown.Packages}, of which {shown.Requested} were asked for");
        output.WriteLine($"before       {(shown.CanRollBack ? "there is a state to go back to: mayfly env rollback" : "no state to go back to")}");
    }

    private static DistributionData Package(VirtualEnvironment environment, ProjectName project, bool files)
    {
        // Without an interpreter nobody knows which markers hold; then all that is said counts.
        var (installed, markers) = (environment.Installed(), environment.Loss is null ? environment.Interpreter.Target.Markers : null);
        var one = installed.FirstOrDefault(one => one.Project == project) ?? throw new MayflyException($"{project} is not installed in {environment.Root}",
            Spelling.Near(installed.Select(static one => one.Project.Text), project.Text, count: 3) is { Count: > 0 } near ? $"there is {string.Join(", ", near)}" : "mayfly env list NAME shows what is");
        var licence = (one.Metadata.LicenceExpression is { } expression ? SpdxExpression.TryParse(expression, out var fault)?.Text ?? $"{expression} (no licence expression: {fault})" : null) ?? one.Metadata.Licence?.Split('\n')[0];
        return new DistributionData(one.Project.Text, one.Version.ToString(), one.Metadata.Summary, licence, one.IsRequested, one.Installer, one.Origin?.Requirement(), [.. one.Metadata.Requires.Where(Counts).Select(static need => need.ToString())],
            [.. installed.Where(other => other.Metadata.Requires.Any(need => need.Name == project && Counts(need))).Select(static other => other.Project.Text)], files ? [.. one.Files] : null);

        bool Counts(DependencySpecifier need) => markers is null || need.Holds(markers);
    }

    private static void Write(DistributionData shown, TextWriter output)
    {
        output.WriteLine($"name         {shown.Name}\nversion      {shown.Version}\nsummary      {shown.Summary}\nlicence      {shown.Licence ?? "not said"}");
        output.WriteLine($"came         {(shown.Requested ? "since somebody asked for it" : "for another one")}{(shown.Installer.Length > 0 ? $", by {shown.Installer}" : "")}");
        output.WriteLine($"needs        {Names(shown.Requires)}");
        output.WriteLine($"needed by    {Names(shown.RequiredBy)}");
        foreach (var file in shown.Files ?? [])
            output.WriteLine($"  {file}");

        static string Names(string[] names) => names is [] ? "nothing" : string.Join(", ", names);
    }
}
