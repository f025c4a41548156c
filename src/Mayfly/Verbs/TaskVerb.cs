using System.CommandLine;
using Mayfly.Live;

namespace Mayfly.Verbs;

/// <summary><c>task</c>: runs one of the script's named tasks on the live stack.</summary>
internal static class TaskVerb
{
    public static Command Describe(Stack stack)
    {
        var name = new Argument<string>("TASK") { Description = stack.Tasks.Count == 0 ? "stack.cs declares none" : string.Join(", ", stack.Tasks.Select(task => task.Name)), Arity = ArgumentArity.ZeroOrOne };
        name.CompletionSources.Add([.. stack.Tasks.Select(task => task.Name)]);
        var command = new Command("task", "Run a task of stack.cs on the live stack; list them without a name.\n\nExample: mayfly task examples/shop") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(name) is null)
            {
                if (stack.Tasks.Count == 0)
                    Console.Error.WriteLine($"{stack.Name} has no tasks; stack.cs declares them with .Task(\"name\", …)");
                foreach (var known in stack.Tasks)
                    Console.Out.WriteLine(known.Name);
                return 0;
            }

            var task = stack.Tasks.FirstOrDefault(task => task.Name == parsed.GetValue(name))
                ?? throw new MayflyException($"stack.cs declares no task {parsed.GetValue(name)}", stack.Tasks.Count == 0 ? "declare it with .Task(\"name\", …)" : $"its tasks are {string.Join(", ", stack.Tasks.Select(task => task.Name))}");
            await using var place = Workplace.Open(stack);
            var provider = await place.RequireAsync(cancellationToken);
            var running = (await provider.ListAsync(stack.Name, cancellationToken)).Where(instance => instance.View == "live").ToList();
            if (running.Count == 0)
                throw new MayflyException($"{stack.Name} is down", "`mayfly up` brings it live");
            using var live = new LiveStack(place.Spec, provider, running, Console.Out.WriteLine, cancellationToken);
            await task.Body(live);
            return 0;
        });
        return command;
    }
}
