using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Terminal;

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
        var command = new ExampledCommand("create", "Make an environment, empty or with packages", "mayfly env create my_experiment", "mayfly env create ./.venv --python 3.12 -r requirements.txt", "mayfly env create shop django --compile --link-mode hardlink") { name, python, prompt, system };
        var planned = PlanOptions.AddTo(command);
        var requirements = RequirementOptions.AddTo(command);
        var placement = PlacementOptions.AddTo(command);
        prompt.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && text.AsSpan().ContainsAny('\r', '\n'))
                result.AddError("a prompt has one line");
        });
        command.SetAction(async (result, cancellationToken) =>
        {
            var placed = placement.Read(result);
            var (store, path, dry) = (Store.Open(), EnvironmentPlaces.OfHost().PathOf(result.GetValue(name)!), planned.IsDry(result));
            var interpreter = InterpreterSearch.OfHost(store).Find(result.GetValue(python));
            var request = new EnvironmentRequest { Requirements = requirements.Read(result, null), Overrides = requirements.Overrides(result), Bound = requirements.Bound(result) };
            if (Path.Exists(path))
                throw VirtualEnvironment.IsThere(path);
            var plan = requirements.IsEmpty(result) ? Make(new EnvironmentPlan(), []) : await Screen.ShowAsync(async progress =>
            {
                using var held = store.LockShared(progress, cancellationToken);
                // Everything is chosen and fetched before there is an environment at all.
                var chosen = await EnvironmentPlan.OfAsync(store, interpreter, [], request, progress, cancellationToken);
                return Make(chosen, dry ? [] : await chosen.FetchAsync(store, interpreter, path, progress, cancellationToken), progress);
            });
            if (!planned.IsForPrograms(result))
                result.InvocationConfiguration.Output.WriteLine($"{(dry ? "would make" : "made")} {path} with {interpreter.Name}");
            if (!plan.IsEmpty || planned.IsForPrograms(result))
                planned.Tell(result, plan, path);
            return ExitCode.Done;

            EnvironmentPlan Make(EnvironmentPlan plan, IReadOnlyList<WheelPlan> fetched, IProgress<Activity>? progress = null)
            {
                if (!dry)
                    Preparation.Begin(fetched, VirtualEnvironment.Create(path, interpreter, result.GetValue(prompt), result.GetValue(system), fetched, ToolPath.Find(), placed, progress, cancellationToken));
                return plan;
            }
        });
        return command;
    }
}
