using Mayfly.Machines;

namespace Mayfly.Verbs;

/// <summary>Finds running instances by the names that people use.</summary>
internal static class Instances
{
    /// <summary>The live instance of <c>web-2</c>, or the first of <c>web</c>.</summary>
    public static async Task<InstanceState> FindAsync(Stack stack, IProvider provider, string name, CancellationToken cancellationToken)
    {
        RequireKnown(stack, name);
        var running = await provider.ListAsync(stack.Name, cancellationToken);
        return running.Where(instance => instance.View == "live").OrderBy(instance => instance.Spec.Replica)
            .FirstOrDefault(instance => name == instance.Spec.Component || name == $"{instance.Spec.Component}-{instance.Spec.Replica}")
            ?? throw new MayflyException($"{name} does not run", "`mayfly status` shows what does, `mayfly up` starts the stack");
    }

    public static void RequireKnown(Stack stack, string name)
    {
        if (!stack.Components.Any(component => name == component.Name || (name.StartsWith($"{component.Name}-", StringComparison.Ordinal) && int.TryParse(name.AsSpan(component.Name.Length + 1), out _))))
            throw new MayflyException($"stack {stack.Name} has no component {name}", $"its components are {string.Join(", ", stack.Components.Select(component => component.Name))}");
    }
}
