using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env show</c></summary>
internal static class ShowVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var package = new Argument<string?>("PACKAGE") { Description = "What is installed; without it, the environment itself", Arity = ArgumentArity.ZeroOrOne };
        var files = new Option<bool>("--files") { Description = "Also its files" };
        var command = new ExampledCommand("show", "Show an environment, or one of its packages", "mayfly env show --env shop", "mayfly env show django --files") { package, environment, files };
        command.SetAction(result =>
        {
            var opened = environment.Read(result, Store.Open());
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(package) is { } name)
                Package(opened, ProjectName.Parse(name), result.GetValue(files), output);
            else
                Environment(opened, output);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Environment(VirtualEnvironment environment, TextWriter output)
    {
        var installed = environment.Installed();
        output.WriteLine($"environment  {EnvironmentPlaces.OfHost().NameOf(environment.Root)}");
        output.WriteLine($"path         {environment.Root}");
        output.WriteLine($"python       {(environment.Loss is { } loss ? loss.What : $"{environment.Interpreter.Target.Markers.PythonFullVersion} ({environment.Interpreter.Executable})")}");
        output.WriteLine($"packages     {installed.Count}, of which {installed.Count(static one => one.IsRequested)} were asked for");
        output.WriteLine($"before       {(environment.CanRollBack ? "there is a state to go back to: mayfly env rollback" : "no state to go back to")}");
    }

    private static void Package(VirtualEnvironment environment, ProjectName project, bool files, TextWriter output)
    {
        // Without an interpreter nobody knows which markers hold; then all that is said counts.
        var (installed, markers) = (environment.Installed(), environment.Loss is null ? environment.Interpreter.Target.Markers : null);
        var one = installed.FirstOrDefault(one => one.Project == project) ?? throw new MayflyException($"{project} is not installed in {environment.Root}",
            Spelling.Near(installed.Select(static one => one.Project.Text), project.Text, count: 3) is { Count: > 0 } near ? $"there is {string.Join(", ", near)}" : "mayfly env list NAME shows what is");
        output.WriteLine($"name         {one.Project}\nversion      {one.Version}\nsummary      {one.Metadata.Summary}\nlicence      {(one.Metadata.LicenceExpression is { } expression ? SpdxExpression.TryParse(expression, out var fault)?.Text ?? $"{expression} (no licence expression: {fault})" : null) ?? one.Metadata.Licence?.Split('\n')[0] ?? "not said"}");
        output.WriteLine($"came         {(one.IsRequested ? "since somebody asked for it" : "for another one")}{(one.Installer.Length > 0 ? $", by {one.Installer}" : "")}");
        output.WriteLine($"needs        {Names(one.Metadata.Requires.Where(Counts).Select(static need => need.ToString()))}");
        output.WriteLine($"needed by    {Names(installed.Where(other => other.Metadata.Requires.Any(need => need.Name == project && Counts(need))).Select(static other => other.Project.Text))}");
        if (files)
        {
            foreach (var file in one.Files)
                output.WriteLine($"  {file}");
        }

        bool Counts(DependencySpecifier need) => markers is null || need.Holds(markers);

        static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } text ? text : "nothing";
    }
}
