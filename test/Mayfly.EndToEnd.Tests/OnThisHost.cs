namespace Mayfly.EndToEnd.Tests;

/// <summary>Tests that have stacks live on this very host take turns: they share its agent, which some of them kill.</summary>
[CollectionDefinition(Name)]
public sealed class OnThisHost
{
    public const string Name = "this host";
}
