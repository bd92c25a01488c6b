// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;
import {Test} from "forge-std/Test.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
contract T is ERC20("a","b") { function mint(address a,uint256 x) external {_mint(a,x);} function decimals() public pure override returns(uint8){return 6;} }
contract TmpGas is Test {
  IVault v; T t; uint256 k=0xA11CE; address payee=address(0xBEEF00000000000000000000000000000000BEEf);
  function sign(IVault.Payment memory p) internal view returns(bytes memory){
    bytes32 ds=keccak256(abi.encode(keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),keccak256("Pursestrings Vault"),keccak256("1"),block.chainid,address(v)));
    bytes32 sh=keccak256(abi.encode(keccak256("Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"),p));
    (bytes32 r,bytes32 vs)=vm.signCompact(k,keccak256(abi.encodePacked("\x19\x01",ds,sh)));
    return abi.encodePacked(r,vs);
  }
  function testGas() public {
    vm.warp(1_780_000_000);
    v=IVault(deployCode("Vault.sol:Vault",abi.encode(address(this),address(this),address(0))));
    t=new T(); t.mint(address(v),1e12); t.mint(payee,1);
    v.addToken(address(t),0);
    IVault.PayeeEntry[] memory e=new IVault.PayeeEntry[](1); e[0]=IVault.PayeeEntry(payee,3); v.setPayees(e);
    IVault.Limit[] memory l=new IVault.Limit[](1); l[0]=IVault.Limit(86400,100e6);
    IVault.TokenGrant[] memory tg=new IVault.TokenGrant[](1); tg[0]=IVault.TokenGrant(address(t),20e6,l);
    v.grant(IVault.Grant(1,vm.addr(k),1,uint32(block.timestamp+30 days),8,tg));
    emit log_named_uint("grant",vm.lastCallGas().gasTotalUsed);
    for(uint32 i=0;i<3;i++){
      IVault.Payment memory p=IVault.Payment(1,i,uint32(block.timestamp+120),address(t),payee,10e6,0,address(0),keccak256(abi.encode("x",i)));
      bytes memory s=sign(p);
      v.check(p);
      v.pay(p,s,"");
      emit log_named_uint("pay",vm.lastCallGas().gasTotalUsed);
    }
    v.pause(); emit log_named_uint("pause",vm.lastCallGas().gasTotalUsed); v.unpause();
    v.revoke(1); emit log_named_uint("revoke",vm.lastCallGas().gasTotalUsed);
    v.revokeAll(); emit log_named_uint("revokeAll",vm.lastCallGas().gasTotalUsed);
    v.withdraw(address(t),type(uint256).max); emit log_named_uint("withdraw",vm.lastCallGas().gasTotalUsed);
  }
}
