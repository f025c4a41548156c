using System.Collections.Concurrent;

namespace Mayfly.Machines.Agent;

/// <summary>
/// One command at a time changes a stack; the others wait for their turn. A command that was killed keeps its turn until what
/// it left has been put right, so that the next one finds a stack that nobody else is changing.
/// </summary>
internal sealed class StackTurns
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    public Task TakeAsync(string stack, CancellationToken cancellationToken) => Of(stack).WaitAsync(cancellationToken);

    public void Return(string stack) => Of(stack).Release();

    private SemaphoreSlim Of(string stack) => _turns.GetOrAdd(stack, static _ => new SemaphoreSlim(1));
}
