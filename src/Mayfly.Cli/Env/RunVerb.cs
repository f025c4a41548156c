using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env run</c></summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var words = new Argument<string[]>("COMMAND") { Description = "The program and its arguments; what begins with a hyphen after --", Arity = ArgumentArity.OneOrMore };
        var command = new ExampledCommand("run", "Run a program as if the environment were activated", "mayfly env run --env shop -- python -m django --version") { environment, words };
        command.SetAction(result =>
        {
            var opened = VirtualEnvironment.Open(environment.PathIn(result), Store.Open());
            var programs = $"{opened.Root}/bin";
            Environment.SetEnvironmentVariable("VIRTUAL_ENV", opened.Root);
            Environment.SetEnvironmentVariable("PATH", $"{programs}:{Environment.GetEnvironmentVariable("PATH")}");
            // It would lead the interpreter elsewhere (PEP 405 has activation unset it).
            Environment.SetEnvironmentVariable("PYTHONHOME", null);
            string[] typed = result.GetValue(words)!;
            var program = typed[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(typed[0])
                : Environment.GetEnvironmentVariable("PATH")!.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => $"{folder}/{typed[0]}").FirstOrDefault(File.Exists)
                ?? throw new MayflyException($"there is no program {typed[0]}, neither in {programs} nor on PATH", $"mayfly env show --env {EnvironmentPlaces.OfHost().NameOf(opened.Root)} PACKAGE --files shows what a package brings");
            return Execution.Become(program, typed[1..]);
        });
        return command;
    }
}
