using System.CommandLine;
using Mayfly.Terminal;

namespace Mayfly.Verbs;

/// <summary><c>lock</c>: writes <c>stack.lock</c> without building anything.</summary>
internal static class LockVerb
{
    public static Command Describe(Stack stack)
    {
        var command = new Command("lock", "Resolve all packages and write stack.lock; a lock that still holds is left alone.\n\nExample: mayfly lock examples/shop") { CommonOptions.Offline };
        command.SetAction(async (_, cancellationToken) =>
        {
            await using var place = Workplace.Open(stack);
            var locked = await Screen.ShowAsync(async progress =>
            {
                using var use = place.Store.LockShared(progress, cancellationToken);
                return await place.Packages.LockAsync(write: true, progress, cancellationToken);
            });
            Console.Out.WriteLine(locked.Reason is null
                ? $"stack.lock holds: {Counted(locked.Lock)}"
                : $"{locked.Reason}: wrote one of {Counted(locked.Lock)}");
            foreach (var set in locked.Lock.Sets.Where(static set => set.Departures.Count > 0))
            {
                Console.Out.WriteLine($"{set.Name}: apt-get may find no answer here; this one is proven, every dependency is met:");
                foreach (var departure in set.Departures)
                    Console.Out.WriteLine($"  {departure}");
            }

            return 0;
        });
        return command;
    }

    private static string Counted(Packages.StackLock stackLock) =>
        $"{stackLock.Packages.Count} packages{(stackLock.Environments.Count == 0 ? "" : $" and {Mayfly.Counted.Of(stackLock.Environments.Sum(static environment => environment.Wheels.Count), "wheel")}")}";
}
