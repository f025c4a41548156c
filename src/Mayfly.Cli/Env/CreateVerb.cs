using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env create</c></summary>
internal static class CreateVerb
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "Its name, or a path: ./.venv" };
        var python = new Option<string?>("--python", "-p") { Description = "Its interpreter: 3.12, '>=3.10', python3.12 or a path", HelpName = "PYTHON" };
        var prompt = new Option<string?>("--prompt") { Description = "What shells show of it; its name unless given", HelpName = "TEXT" };
        var system = new Option<bool>("--system-site-packages") { Description = "Let it see the interpreter's own packages" };
        var command = new Command("create", "Make an environment, empty or with packages.\n\nExamples:\n  mayfly env create my_experiment\n  mayfly env create ./.venv --python 3.12 -r requirements.txt") { name, python, prompt, system };
        var requirements = RequirementOptions.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (store, path, output) = (Store.Open(), EnvironmentPlaces.OfHost().PathOf(result.GetValue(name)!), result.InvocationConfiguration.Output);
            // What cannot be read ends it before anything is there.
            var wanted = requirements.Read(result, null);
            var environment = VirtualEnvironment.Create(path, InterpreterSearch.OfHost(store).Find(result.GetValue(python)), result.GetValue(prompt), result.GetValue(system));
            output.WriteLine($"made {environment.Root} with Python {environment.Interpreter.Target.Markers.PythonFullVersion}");
            if (requirements.IsEmpty(result))
                return ExitCode.Done;
            try
            {
                var request = new EnvironmentRequest { Requirements = wanted, Overrides = requirements.Overrides(result) };
                await PlanText.RunAsync(store, environment, progress => EnvironmentPlan.OfAsync(store, environment, request, progress, cancellationToken), false, output, cancellationToken);
            }
            catch
            {
                // With what it was asked to have, or not at all.
                VirtualEnvironment.Delete(path, null, CancellationToken.None);
                throw;
            }

            return ExitCode.Done;
        });
        return command;
    }
}
