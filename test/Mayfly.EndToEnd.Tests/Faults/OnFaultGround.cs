namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>The classes of faults run one after another, over one <see cref="FaultGround"/>.</summary>
[CollectionDefinition(Name)]
public sealed class OnFaultGround : ICollectionFixture<FaultGround>
{
    public const string Name = "faults";
}
